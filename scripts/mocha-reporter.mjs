// SPDX-License-Identifier: Apache-2.0
// Mocha reporter of `npm test`: the usual readable output, and the counts as JSON in the file named by the option `output`.
import { writeFileSync } from 'node:fs';
import mocha from 'mocha';

// Mocha takes reporters as default exports.
export default class ReadableWithCounts extends mocha.reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    const output = options?.reporterOptions?.output ?? options?.reporterOption?.output;
    if (typeof output !== 'string') throw new Error('the reporter option output names the file for the counts');
    runner.once('end', () => {
      const { tests, passes, failures, pending } = this.stats;
      writeFileSync(output, `${JSON.stringify({ tests, passes, failures, pending })}\n`);
    });
  }
}
