// SPDX-License-Identifier: Apache-2.0
// What TOSCA cases run in: every URL is answered from the corpus's folder, randomness is the letter a.
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readShippedTypes, type ToscaEnvironment } from '../../src/tosca/index.js';

const MOUNTS = [
  ['https://types.example.org/', 'types/'],
  ['https://files.example.org/', 'files/'],
  ['https://raw.githubusercontent.com/grycap/tosca/main/artifacts/', 'files/grycap-artifacts/'],
] as const;

/** A failed answer with the facts that messages show. */
class HttpFailure extends Error {
  readonly reason = 'Not Found';
  readonly body = '404: Not Found';
}

const types = readShippedTypes(fileURLToPath(new URL('../../tosca/types', import.meta.url)));

/** Answers URLs from the folder of the corpus. */
function fetchFrom(folder: string): ToscaEnvironment['fetch'] {
  return async (url) => {
    for (const [prefix, place] of MOUNTS) {
      if (!url.startsWith(prefix)) continue;
      const root = join(folder, place);
      const file = normalize(join(root, url.slice(prefix.length)));
      if (file.startsWith(root) && existsSync(file) && statSync(file).isFile()) return readFileSync(file, 'utf8');
    }
    throw new HttpFailure('Not Found');
  };
}

/** The surroundings of a case; `reference` follows grycap/im where the corpus recorded it. */
export function surroundings(folder: string, options: Partial<ToscaEnvironment>): ToscaEnvironment {
  return {
    fetch: fetchFrom(folder),
    types,
    credentials: [],
    randomText: (length) => 'a'.repeat(length),
    documentId: 'c0ffee00-0000-1000-8000-000000000000',
    ...options,
  };
}
