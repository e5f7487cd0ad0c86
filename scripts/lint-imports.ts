// SPDX-License-Identifier: Apache-2.0
// Enforces the import table of the house on src (or on the folder given): run by `npm run lint`, exit 1 on a violation.
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkTree } from './lint-imports/check-tree.js';

const root = process.argv[2] ?? fileURLToPath(new URL('../src', import.meta.url));

const sources = new Map(
  readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => [relative(root, path).split(sep).join('/'), readFileSync(path, 'utf8')] as const),
);

const violations = checkTree(sources);
for (const { file, line, message } of violations) console.error(`src/${file}:${line}: ${message}`);
console.log(`import rules: ${sources.size} files, ${violations.length} violations`);
process.exitCode = violations.length === 0 ? 0 : 1;
