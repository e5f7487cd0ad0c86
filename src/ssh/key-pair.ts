// SPDX-License-Identifier: Apache-2.0
// New key pairs for one purpose: small, made in a millisecond, read by every OpenSSH since 5.7 and allowed in FIPS mode.
import { generateKeyPair } from 'node:crypto';
import { promisify } from 'node:util';
import { publicKeyOf } from './private-key.js';

/** A key pair in the forms that SSH clients and `authorized_keys` files take. */
export interface KeyPair {
  /** PEM (`BEGIN EC PRIVATE KEY`), unencrypted. */
  readonly privateKey: string;
  /** `ecdsa-sha2-nistp256 ...` without comment. */
  readonly publicKey: string;
}

const generate = promisify(generateKeyPair);

/** Makes an ECDSA pair on P-256. */
export async function newKeyPair(): Promise<KeyPair> {
  const { privateKey } = await generate('ec', {
    namedCurve: 'prime256v1',
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'sec1', format: 'pem' },
  });
  return { privateKey, publicKey: publicKeyOf(privateKey) };
}
