// SPDX-License-Identifier: Apache-2.0
// Writes etc/im.cfg and docs/configuration.md anew from the option table; run it after changing an option.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { renderCfg } from '../src/config/render-cfg.js';
import { renderDocs } from '../src/config/render-docs.js';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const outputs = [
  ['etc/im.cfg', renderCfg()],
  ['docs/configuration.md', renderDocs()],
] as const;

for (const [path, text] of outputs) {
  const file = join(root, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  console.log(`wrote ${path}`);
}
