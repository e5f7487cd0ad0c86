// SPDX-License-Identifier: Apache-2.0
// `npm run bench [-- SECTION...]`: measures ratios inside one run, so that the figures mean something on any machine.
import { benchConnectorBatching } from './connector-batching.js';
import { benchContextualization } from './contextualization.js';
import { benchDummy } from './dummy.js';
import { benchHttp } from './http.js';
import { benchRadl } from './radl.js';
import { benchRows } from './rows.js';
import { benchTosca } from './tosca.js';

const SECTIONS: Readonly<Record<string, () => Promise<void>>> = {
  radl: benchRadl,
  tosca: benchTosca,
  rows: benchRows,
  http: benchHttp,
  dummy: benchDummy,
  'connector-batching': benchConnectorBatching,
  contextualization: benchContextualization,
};

// Numbers are sizes for the section in front of them.
const asked = process.argv.slice(2).filter((word) => !/^\d+$/.test(word));
const unknown = asked.filter((name) => SECTIONS[name] === undefined);
if (unknown.length > 0) {
  console.error(`Unknown section ${unknown.join(', ')}. Sections: ${Object.keys(SECTIONS).join(', ')}.`);
  process.exit(2);
}
for (const [name, section] of Object.entries(SECTIONS)) {
  if (asked.length === 0 || asked.includes(name)) {
    console.log(`\n== ${name}`);
    await section();
  }
}
