// SPDX-License-Identifier: Apache-2.0
// Key pairs for machines whose user brings none (core.md §24.8).
import { createPublicKey, generateKeyPair } from 'node:crypto';
import { promisify } from 'node:util';

/** A key pair in the forms that SSH clients and `authorized_keys` files take. */
export interface SshKeyPair {
  /** PKCS#1 PEM (`BEGIN RSA PRIVATE KEY`), unencrypted. */
  readonly privateKey: string;
  /** `ssh-rsa ...` without comment. */
  readonly publicKey: string;
}

const generate = promisify(generateKeyPair);

/** Makes an RSA pair of 2048 bits, exponent 65537. */
export async function generateSshKeyPair(): Promise<SshKeyPair> {
  const { publicKey, privateKey } = await generate('rsa', {
    modulusLength: 2048,
    publicExponent: 65537,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  });
  return { privateKey, publicKey: openSshPublicKey(publicKey) };
}

/** The OpenSSH text of an RSA public key in PEM form (RFC 4253 §6.6). */
export function openSshPublicKey(pem: string): string {
  const { e = '', n = '' } = createPublicKey(pem).export({ format: 'jwk' });
  const fields = [Buffer.from('ssh-rsa'), positiveInteger(e), positiveInteger(n)];
  return `ssh-rsa ${Buffer.concat(fields.map(withLength)).toString('base64')}`;
}

/** An unsigned number as SSH's signed `mpint`: a leading zero byte keeps it positive. */
function positiveInteger(base64Url: string): Buffer {
  const bytes = Buffer.from(base64Url, 'base64url');
  return (bytes[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.of(0), bytes]) : bytes;
}

function withLength(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}
