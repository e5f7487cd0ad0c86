// SPDX-License-Identifier: Apache-2.0
// Runs golden cases: `npm run golden -- SUITE FILE...`; one line per failed case with its difference, totals at the end.
import { readFileSync } from 'node:fs';
import { radlSuite } from './golden/radl-suite.js';
import { type GoldenCase, type GoldenSuite, isGoldenCase } from './golden/suite.js';
import { toscaSuite } from './golden/tosca-suite.js';

const suites: ReadonlyMap<string, GoldenSuite> = new Map([
  ['radl', radlSuite],
  ['tosca', toscaSuite],
]);

function readCases(file: string): GoldenCase[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line, index) => readCase(JSON.parse(line), `${file}, line ${index + 1}`));
}

function readCase(json: unknown, place: string): GoldenCase {
  if (!isGoldenCase(json)) throw new Error(`${place}: not a golden case`);
  return json;
}

async function main([name = '', ...files]: readonly string[]): Promise<number> {
  const suite = suites.get(name);
  if (suite === undefined || files.length === 0) {
    console.error(`usage: golden SUITE FILE...   suites: ${[...suites.keys()].join(', ')}`);
    return 2;
  }
  let passed = 0;
  let failed = 0;
  for (const file of files) {
    for (const golden of readCases(file)) {
      const difference = await suite.run(golden, file);
      if (difference === undefined) {
        passed++;
      } else if (golden.optional === true) {
        passed++;
        console.log(`optional ${golden.id}: ${difference}`);
      } else {
        failed++;
        console.log(`FAILED ${golden.id}: ${difference}`);
      }
    }
  }
  console.log(`${passed} passed, ${failed} failed`);
  return failed > 0 ? 1 : 0;
}

process.exitCode = await main(process.argv.slice(2));
