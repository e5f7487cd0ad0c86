// SPDX-License-Identifier: Apache-2.0
// RADL: parse cost against JSON.parse of the same document, and whether it is flat per line.
import { parseRadl, printRadl, stringifyRadlJson } from '../src/radl/index.js';
import { best, row } from './measure.js';

const LINES = [20, 200, 2000, 20_000];

function document(lines: number): string {
  const parts = ["network lan (outbound = 'yes')"];
  for (let index = 0; parts.length * 6 < lines; index += 1) {
    parts.push(
      `system node${index} (\ncpu.count >= 2 and\nmemory.size >= 2g and\nnet_interface.0.connection = 'lan' and\ndisk.0.image.url = 'one://host/${index}' and\ndisk.0.os.name = 'linux'\n)`,
    );
  }
  return parts.join('\n');
}

/** See the top of the file. */
export async function benchRadl(): Promise<void> {
  row('lines', 'parse ms', 'µs per line', '× JSON.parse', 'print ms');
  for (const lines of LINES) {
    const text = document(lines);
    const count = text.split('\n').length;
    const radl = parseRadl(text);
    const json = stringifyRadlJson(radl, 'compact');
    const runs = Math.max(5, Math.floor(20_000 / lines));
    const parse = await best(runs, () => parseRadl(text));
    const parseJson = await best(runs, () => JSON.parse(json));
    const print = await best(runs, () => printRadl(radl));
    row(count, parse, (parse * 1000) / count, parse / parseJson, print);
  }
}
