// SPDX-License-Identifier: Apache-2.0
// The texts of a role or collection that may name collections: its tasks, handlers, variables, templates.
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { readTar } from '../../ssh/index.js';
import type { ContentPackage } from './gather.js';
import { MAX_UNPACKED_BYTES } from './pack-content.js';

const expand = promisify(gunzip);
const MOST_FILES = 100_000;
const LARGEST_TEXT = 500_000;

/** @throws ContentError when the content is nowhere any more */
export async function roleTexts(content: ContentPackage): Promise<readonly string[]> {
  const packed = await expand(await content.load(), { maxOutputLength: MAX_UNPACKED_BYTES + 1_000_000 });
  return readTar(packed, MOST_FILES)
    .filter(({ kind, path }) => kind === 'file' && /\.(?:ya?ml|j2)$/.test(path))
    .map((member) => member.content.subarray(0, LARGEST_TEXT).toString('utf8'));
}
