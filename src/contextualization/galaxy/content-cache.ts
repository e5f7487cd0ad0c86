// SPDX-License-Identifier: Apache-2.0
// The daemon's store of packed roles and collections, by checksum, bounded: what was not used for longest goes first.
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { MAX_UNPACKED_BYTES } from './pack-content.js';

const [compress, expand] = [promisify(gzip), promisify(gunzip)];

/** Contents by their SHA-256. */
export interface ContentCache {
  /** The packed content compressed by gzip; undefined when it is not there, or damaged. */
  get(sha256: string): Promise<Buffer | undefined>;
  /** Keeps it and gives the compressed form. @throws errors of the file system */
  put(sha256: string, packed: Buffer): Promise<Buffer>;
}

const NAME = /^[0-9a-f]{64}\.tar\.gz$/;

/** @param maxBytes of all files together */
export function createContentCache(directory: string, maxBytes = 2_000_000_000): ContentCache {
  const pathOf = (sha256: string): string => join(directory, `${sha256}.tar.gz`);
  return {
    get: async (sha256) => {
      const path = pathOf(sha256);
      const bytes = await readFile(path).catch(() => undefined); // not there: it is fetched again
      if (bytes === undefined || !(await isIntact(bytes, sha256))) return undefined;
      const now = new Date();
      await utimes(path, now, now).catch(() => {}); // only makes it older than it is
      return bytes;
    },
    put: async (sha256, packed) => {
      const bytes = await compress(packed);
      await mkdir(directory, { recursive: true, mode: 0o700 });
      const fresh = join(directory, `.${randomUUID()}`);
      try {
        await writeFile(fresh, bytes, { mode: 0o600 });
        await rename(fresh, pathOf(sha256));
      } finally {
        await rm(fresh, { force: true });
      }
      await prune(directory, maxBytes);
      return bytes;
    },
  };
}

async function isIntact(bytes: Buffer, sha256: string): Promise<boolean> {
  try {
    const packed = await expand(bytes, { maxOutputLength: MAX_UNPACKED_BYTES + 1_000_000 });
    return createHash('sha256').update(packed).digest('hex') === sha256;
  } catch {
    return false; // a damaged copy is as good as none
  }
}

async function prune(directory: string, maxBytes: number): Promise<void> {
  const names = (await readdir(directory)).filter((name) => NAME.test(name));
  const found = await Promise.all(
    names.map(async (name) => ({
      path: join(directory, name),
      facts: await stat(join(directory, name)).catch(() => undefined),
    })),
  );
  const files = found.flatMap(({ path, facts }) => (facts ? [{ path, size: facts.size, usedAt: facts.mtimeMs }] : []));
  let total = files.reduce((sum, { size }) => sum + size, 0);
  for (const { path, size } of files.sort((left, right) => left.usedAt - right.usedAt)) {
    if (total <= maxBytes) return;
    await rm(path, { force: true });
    total -= size;
  }
}
