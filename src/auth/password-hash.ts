// SPDX-License-Identifier: Apache-2.0
// Hashed passwords of the user file, in the PHC text form `$scrypt$ln=15,r=8,p=1$salt$hash`.
import { scrypt, timingSafeEqual } from 'node:crypto';

/** The costs that make a hash; all powers and products are bounded so that a user file cannot exhaust the daemon. */
interface ScryptHash {
  readonly cost: number;
  readonly blockSize: number;
  readonly parallelization: number;
  readonly salt: Buffer;
  readonly hash: Buffer;
}

const PATTERN =
  /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]{4,128})={0,2}\$([A-Za-z0-9+/]{22,128})={0,2}$/;

const MAX_MEMORY_BYTES = 256 * 1024 * 1024;

/** Whether a password of the user file is a hash rather than the password itself. */
export function isPasswordHash(text: string): boolean {
  return text.startsWith('$scrypt$');
}

function parseHash(text: string): ScryptHash | undefined {
  const match = PATTERN.exec(text);
  if (!match) return undefined;
  const [, ln = '', r = '', p = '', salt = '', hash = ''] = match;
  const parsed = {
    cost: 2 ** Number(ln),
    blockSize: Number(r),
    parallelization: Number(p),
    salt: Buffer.from(salt, 'base64'),
    hash: Buffer.from(hash, 'base64'),
  };
  const isBounded =
    parsed.cost >= 2 &&
    parsed.blockSize >= 1 &&
    parsed.parallelization >= 1 &&
    parsed.parallelization <= 16 &&
    128 * parsed.cost * parsed.blockSize <= MAX_MEMORY_BYTES;
  return isBounded ? parsed : undefined;
}

function derive(password: string, parameters: Omit<ScryptHash, 'hash'>, length: number): Promise<Buffer> {
  const { cost, blockSize, parallelization, salt } = parameters;
  return new Promise((resolve, reject) => {
    scrypt(
      password,
      salt,
      length,
      { N: cost, r: blockSize, p: parallelization, maxmem: 2 * MAX_MEMORY_BYTES },
      (error, key) => (error ? reject(error) : resolve(key)),
    );
  });
}

/** Whether the text is a hash of a form that {@link verifyPassword} can check. */
export function isReadableHash(text: string): boolean {
  return parseHash(text) !== undefined;
}

/** Whether the password belongs to the hash; false too when the hash cannot be read. */
export async function verifyPassword(password: string, hash: string): Promise<boolean> {
  const parsed = parseHash(hash);
  if (!parsed) return false;
  return timingSafeEqual(await derive(password, parsed, parsed.hash.length), parsed.hash);
}

/**
 * Hashes a password for the user file.
 * @param salt 16 random bytes
 */
export async function hashPassword(password: string, salt: Uint8Array): Promise<string> {
  const parameters = { cost: 2 ** 15, blockSize: 8, parallelization: 1, salt: Buffer.from(salt) };
  const key = await derive(password, parameters, 32);
  const text = (bytes: Buffer): string => bytes.toString('base64').replace(/=+$/, '');
  return `$scrypt$ln=15,r=8,p=1$${text(parameters.salt)}$${text(key)}`;
}
