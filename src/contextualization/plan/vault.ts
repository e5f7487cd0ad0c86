// SPDX-License-Identifier: Apache-2.0
// Ansible Vault texts, format 1.1 and 1.2: recipes are decrypted for the merge and the result is encrypted again (§11.4).
import { createCipheriv, createDecipheriv, createHmac, pbkdf2Sync, timingSafeEqual } from 'node:crypto';
import { badRequest, type ImError } from '../../domain/index.js';

const HEADER = '$ANSIBLE_VAULT';
const ROUNDS = 10_000;
const COLUMNS = 80;

/** Whether a recipe is a Vault text. */
export function isVaultText(text: string): boolean {
  return text.trimStart().startsWith(HEADER);
}

/** The text that the reference shows for a wrong and, in ours, a missing password. */
export function decryptionFailed(): ImError {
  return badRequest('Decryption failed (no vault secrets were found that could decrypt)');
}

/**
 * The clear text of a Vault text.
 *
 * @throws ImError `bad-request` with the literal text of contextualization.md §11.4 for a wrong password or a damaged text
 */
export function decryptVault(text: string, password: string): string {
  const { salt, hmac, ciphertext } = readEnvelope(text);
  const keys = deriveKeys(password, salt);
  const expected = createHmac('sha256', keys.hmac).update(ciphertext).digest();
  if (hmac.length !== expected.length || !timingSafeEqual(hmac, expected)) throw decryptionFailed();
  // Padding is PKCS#7 although CTR needs none, so it is taken off by hand.
  const decipher = createDecipheriv('aes-256-ctr', keys.cipher, keys.iv);
  const padded = Buffer.concat([decipher.update(ciphertext), decipher.final()]);
  const padding = padded.at(-1) ?? 0;
  if (padding < 1 || padding > 16 || padding > padded.length) throw decryptionFailed();
  return padded.subarray(0, padded.length - padding).toString('utf8');
}

/**
 * Encrypts a text as format 1.1.
 *
 * @param randomBytes source of the 32 bytes of salt
 */
export function encryptVault(text: string, password: string, randomBytes: (size: number) => Buffer): string {
  const salt = randomBytes(32);
  const keys = deriveKeys(password, salt);
  const clear = Buffer.from(text, 'utf8');
  const padding = 16 - (clear.length % 16);
  const cipher = createCipheriv('aes-256-ctr', keys.cipher, keys.iv);
  const ciphertext = Buffer.concat([
    cipher.update(clear),
    cipher.update(Buffer.alloc(padding, padding)),
    cipher.final(),
  ]);
  const hmac = createHmac('sha256', keys.hmac).update(ciphertext).digest();
  const body = Buffer.from([salt, hmac, ciphertext].map((part) => part.toString('hex')).join('\n')).toString('hex');
  const lines = body.match(new RegExp(`.{1,${COLUMNS}}`, 'g')) ?? [];
  return `${HEADER};1.1;AES256\n${lines.join('\n')}\n`;
}

interface Envelope {
  readonly salt: Buffer;
  readonly hmac: Buffer;
  readonly ciphertext: Buffer;
}

function readEnvelope(text: string): Envelope {
  const [header = '', ...lines] = text.trim().split(/\r?\n/);
  if (!/^\$ANSIBLE_VAULT;1\.[12];AES256(;.*)?$/.test(header.trim())) throw decryptionFailed();
  const inner = fromHex(lines.map((line) => line.trim()).join('')).toString('latin1');
  const [salt = '', hmac = '', ciphertext = ''] = inner.split('\n');
  return { salt: fromHex(salt), hmac: fromHex(hmac), ciphertext: fromHex(ciphertext) };
}

function fromHex(text: string): Buffer {
  if (text === '' || text.length % 2 !== 0 || !/^[0-9a-f]+$/i.test(text)) throw decryptionFailed();
  return Buffer.from(text, 'hex');
}

interface VaultKeys {
  readonly cipher: Buffer;
  readonly hmac: Buffer;
  readonly iv: Buffer;
}

function deriveKeys(password: string, salt: Buffer): VaultKeys {
  const derived = pbkdf2Sync(password, salt, ROUNDS, 80, 'sha256');
  return { cipher: derived.subarray(0, 32), hmac: derived.subarray(32, 64), iv: derived.subarray(64, 80) };
}
