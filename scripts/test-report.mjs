// SPDX-License-Identifier: Apache-2.0
// Reads the reports that scripts/mocha-reporter.mjs leaves, for scripts/test.sh and .ci/run:
//
//   node scripts/test-report.mjs counts REPORT       passes, failures and skipped tests, in one line
//   node scripts/test-report.mjs repeatable REPORT   the files to try once more, one a line; nothing when the failures cannot be settled that way
//   node scripts/test-report.mjs failures REPORT...  every failure with its file and error
import { existsSync, readFileSync } from 'node:fs';

// These look for what happens rarely, by chance or at many places: that a second run does not show it proves nothing.
const NEVER_REPEATED = /(^|\/)(nemesis|crash|restart-loop|high-availability)/;
// More failures than this are no coincidence.
const MOST_REPEATED = 3;

const [command, ...files] = process.argv.slice(2);
const reports = files.filter((file) => existsSync(file)).map((file) => JSON.parse(readFileSync(file, 'utf8')));

if (command === 'counts' && reports.length === 1) {
  const { passes, failures, pending } = reports[0];
  console.log(passes, failures, pending);
} else if (command === 'repeatable' && reports.length === 1) {
  const { failures, failed } = reports[0];
  const known = failed.length === failures && failed.every(({ file }) => file !== '' && !NEVER_REPEATED.test(file));
  if (known && failures <= MOST_REPEATED) for (const file of new Set(failed.map(({ file }) => file))) console.log(file);
} else if (command === 'failures' && files.length > 0) {
  for (const { file, title, error } of reports.flatMap(({ failed }) => failed)) {
    console.log(`${file}: ${title}\n${error.replace(/^/gm, '    ')}\n`);
  }
} else {
  console.error('usage: test-report.mjs counts|repeatable REPORT, or failures REPORT...');
  process.exitCode = 2;
}
