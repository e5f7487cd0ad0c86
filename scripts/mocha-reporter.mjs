// SPDX-License-Identifier: Apache-2.0
// Mocha reporter of `npm test`: the usual readable output, and the counts and failures as JSON in the file named by the option `output`.
import { writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import mocha from 'mocha';

const LONGEST_STACK = 4000;

// Mocha takes reporters as default exports.
export default class ReadableWithReport extends mocha.reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    const output = options?.reporterOptions?.output ?? options?.reporterOption?.output;
    if (typeof output !== 'string') throw new Error('the reporter option output names the file for the report');
    const failed = [];
    runner.on('fail', (test, error) => {
      failed.push({
        // A failed hook of a parallel run may not know its file.
        file: test.file ? relative(process.cwd(), test.file) : '',
        title: test.fullTitle(),
        error: String(error?.stack || error?.message || error).slice(0, LONGEST_STACK),
      });
    });
    runner.once('end', () => {
      const { tests, passes, failures, pending } = this.stats;
      writeFileSync(output, `${JSON.stringify({ tests, passes, failures, pending, failed })}\n`);
    });
  }
}
