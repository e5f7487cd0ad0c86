// SPDX-License-Identifier: Apache-2.0
// Replays the recorded API exchanges against the built daemon and judges the result: a few recordings contradict what was decided later.
//
// Usage: node --import tsx scripts/conformance.ts DIRECTORY   (the folder with replay.mjs and transcripts/)
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** Exchanges that a decision contradicts: they may fail, and nothing else may. */
const CONTRADICTED: ReadonlyMap<string, string> = new Map([
  ['rest-2.0.0/09-vm-info.json #33', 'machines get a single-use token instead of their owner’s credentials'],
  ['rest-2.0.0/23-boot-mode.json #32', 'a change of owners is refused in BOOT_MODE 1, as exchange #27 says'],
  ['rest-2.0.0/37-proxy-headers.json #5', 'X-Forwarded-Host and -Prefix are honoured'],
]);

const [directory = ''] = process.argv.slice(2);
const replay = spawn(
  process.execPath,
  [
    join(directory, 'replay.mjs'),
    ...['--start', 'scripts/conformance-daemon'],
    ...['--with', 'http-import', '--with', 'vault', '--with', 'github-fixtures'],
    join(directory, 'transcripts/rest-2.0.0'),
    join(directory, 'transcripts/xmlrpc-1.19.2'),
  ],
  { stdio: ['ignore', 'pipe', 'inherit'] },
);
let passed = 0;
let failed = 0;
let contradicted = 0;
for await (const line of createInterface({ input: replay.stdout })) {
  const exchange = /^FAIL (\S+ #\d+)/.exec(line)?.[1];
  const reason = CONTRADICTED.get(exchange ?? '');
  const counts = /^(\d+) passed, (\d+) failed$/.exec(line);
  if (reason !== undefined) {
    contradicted += 1;
    console.log(`expected: ${exchange}: ${reason}`);
  } else if (counts === null) {
    console.log(line);
  } else {
    passed = Number(counts[1]);
    failed = Number(counts[2]) - contradicted;
  }
}
if (passed === 0) {
  console.log('The replay did not run.');
  failed = Math.max(failed, 1);
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
