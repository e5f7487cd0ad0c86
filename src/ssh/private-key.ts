// SPDX-License-Identifier: Apache-2.0
// Private keys as users paste them: RSA, ECDSA and Ed25519, in PEM (PKCS#1, SEC 1, PKCS#8) or OpenSSH form.
import { createPrivateKey, type KeyObject } from 'node:crypto';
import ssh2, { type ParsedKey } from 'ssh2';
import { SshError } from './ssh-error.js';

const LONGEST_KEY = 64 * 1024;

const invalidKey = (cause?: unknown): SshError =>
  new SshError(
    'invalid-key',
    'Invalid private key. Give an unencrypted RSA, ECDSA or Ed25519 key in PEM or OpenSSH form.',
    cause,
  );

/** The `openssh-key-v1` form of an Ed25519 key: the only one that the SSH library reads for this type. */
function ed25519ToOpenSsh(key: KeyObject): string {
  const jwk = key.export({ format: 'jwk' });
  const secret = Buffer.from(jwk.d ?? '', 'base64url');
  const point = Buffer.from(jwk.x ?? '', 'base64url');
  const field = (data: Buffer | string): Buffer => {
    const bytes = Buffer.from(data);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    return Buffer.concat([length, bytes]);
  };
  const publicPart = Buffer.concat([field('ssh-ed25519'), field(point)]);
  // The two equal check numbers only serve to recognise a wrong passphrase; there is none here.
  const body = Buffer.concat([Buffer.alloc(8), publicPart, field(Buffer.concat([secret, point])), field('')]);
  const padding = Buffer.from(Array.from({ length: (8 - (body.length % 8)) % 8 }, (_, index) => index + 1));
  const container = Buffer.concat([
    Buffer.from('openssh-key-v1\0'),
    field('none'),
    field('none'),
    field(''),
    Buffer.from([0, 0, 0, 1]),
    field(publicPart),
    field(Buffer.concat([body, padding])),
  ]);
  const lines = container.toString('base64').match(/.{1,70}/g) ?? [];
  return `-----BEGIN OPENSSH PRIVATE KEY-----\n${lines.join('\n')}\n-----END OPENSSH PRIVATE KEY-----\n`;
}

/** PKCS#8 is what `openssl genpkey` and most libraries write, and what the SSH library does not read. */
function fromPkcs8(pem: string): string {
  const key = createPrivateKey(pem);
  switch (key.asymmetricKeyType) {
    case 'rsa':
      return key.export({ type: 'pkcs1', format: 'pem' }).toString();
    case 'ec':
      return key.export({ type: 'sec1', format: 'pem' }).toString();
    case 'ed25519':
      return ed25519ToOpenSsh(key);
    default:
      throw invalidKey();
  }
}

function parse(text: string): ParsedKey {
  const parsed = ssh2.utils.parseKey(text);
  if (parsed instanceof Error || !parsed.isPrivateKey()) throw invalidKey();
  return parsed;
}

/**
 * Checks a private key and gives it in a form that the SSH library reads: carriage returns removed, final newline ensured
 * (core.md §23.3). The text is only ever the key itself, never the path of a file.
 * @throws SshError `invalid-key`.
 */
export function readPrivateKey(text: string): string {
  if (text.length > LONGEST_KEY) throw invalidKey();
  const clean = `${text.replaceAll('\r', '').trim()}\n`;
  let key: string;
  try {
    key = clean.startsWith('-----BEGIN PRIVATE KEY-----') ? fromPkcs8(clean) : clean;
  } catch (error) {
    throw error instanceof SshError ? error : invalidKey(error);
  }
  parse(key);
  return key;
}

/**
 * The public half as a line of `authorized_keys`, without comment.
 * @throws SshError `invalid-key`.
 */
export function publicKeyOf(privateKey: string): string {
  const parsed = parse(readPrivateKey(privateKey));
  return `${parsed.type} ${parsed.getPublicSSH().toString('base64')}`;
}
