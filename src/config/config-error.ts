// SPDX-License-Identifier: Apache-2.0
// The error of a configuration that cannot be used: every problem at once, so that one look mends the file.

/** The configuration cannot be used; `problems` are full sentences that name option, place and remedy. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.problems = problems;
  }
}
