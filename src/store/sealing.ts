// SPDX-License-Identifier: Apache-2.0
// Seals texts that can hold secrets before they reach the database, bound to the place where they are stored.
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { errorText, ImError } from '../domain/index.js';

/** Bytes of a sealing key. */
export const KEY_BYTES = 32;

/** Encrypts and authenticates texts. */
export interface Sealer {
  /** @param context where the text is stored (table, column, row): it opens nowhere else */
  seal(text: string, context: string): string;
  /** @throws ImError `store-unavailable` when sealed with another key, `internal` when damaged or moved */
  open(sealed: string, context: string): string;
}

interface SealingKey {
  readonly id: string;
  readonly secret: Buffer;
}

const FORMAT = 's1';
const ALGORITHM = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Makes a sealer. Sealed form: `s1.<key id>.<base64 of nonce, tag, text>`; the key id lets old keys go on opening what they sealed.
 * @param keys 32 bytes each; the first one seals, all of them open
 * @throws ImError `store-unavailable` for a key of another length
 */
export function createSealer(keys: readonly [Buffer, ...Buffer[]]): Sealer {
  const sealingKeys = keys.map(deriveKey);
  const byId = new Map(sealingKeys.map((key) => [key.id, key]));
  const current = deriveKey(keys[0]);

  return {
    seal(text, context) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv(ALGORITHM, current.secret, nonce);
      cipher.setAAD(Buffer.from(context));
      const body = cipher.update(text, 'utf8');
      cipher.final();
      return `${FORMAT}.${current.id}.${Buffer.concat([nonce, cipher.getAuthTag(), body]).toString('base64')}`;
    },
    open(sealed, context) {
      const [format, keyId, body] = sealed.split('.');
      if (format !== FORMAT || keyId === undefined || body === undefined) {
        throw new ImError(
          'internal',
          `The stored value ${context} is not a sealed text: restore the database from a backup.`,
        );
      }
      const key = byId.get(keyId);
      if (key === undefined) {
        throw new ImError(
          'store-unavailable',
          `The stored value ${context} was sealed with the key '${keyId}', which is not loaded: put the right key file back.`,
        );
      }
      return decipher(key, Buffer.from(body, 'base64'), context);
    },
  };
}

function decipher(key: SealingKey, bytes: Buffer, context: string): string {
  try {
    const opener = createDecipheriv(ALGORITHM, key.secret, bytes.subarray(0, NONCE_BYTES), {
      authTagLength: TAG_BYTES,
    });
    opener.setAAD(Buffer.from(context));
    opener.setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
    return opener.update(bytes.subarray(NONCE_BYTES + TAG_BYTES), undefined, 'utf8') + opener.final('utf8');
  } catch (error) {
    throw new ImError(
      'internal',
      `The stored value ${context} is damaged or was moved: restore the database from a backup.`,
      {
        cause: new Error(errorText(error)),
      },
    );
  }
}

// The file's key is never used itself, so that its id and its cipher key tell nothing about each other.
function deriveKey(key: Buffer): SealingKey {
  if (key.length !== KEY_BYTES) {
    throw new ImError('store-unavailable', `A sealing key has ${KEY_BYTES} bytes, not ${key.length}.`);
  }
  return {
    id: Buffer.from(hkdfSync('sha256', key, '', 'im sealing key id', 4)).toString('hex'),
    secret: Buffer.from(hkdfSync('sha256', key, '', 'im sealing key', KEY_BYTES)),
  };
}
