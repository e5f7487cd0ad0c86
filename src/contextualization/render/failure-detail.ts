// SPDX-License-Identifier: Apache-2.0
// What a failed result says in a few lines: the end of its messages, not the whole result (failure report, docs/operations.md).
import { objectOf, type RawResult, textOf } from './ansible-event.js';
import { cutMiddle, printableAscii } from './ascii.js';

const MOST_LINES = 8;
const LONGEST_LINE = 300;
/** Results may be huge; their ends say what went wrong. */
const LOOKED_AT = 16 * 1024;

/** The last lines of a text, printable and bounded. */
export function lastLines(text: string, count = MOST_LINES): readonly string[] {
  return printableAscii(text.slice(-LOOKED_AT))
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line !== '')
    .slice(-count)
    .map((line) => cutMiddle(line, LONGEST_LINE));
}

/** The message of a failed result and the end of what it printed; of a loop, those of the first item that failed. */
export function resultLines(result: RawResult): readonly string[] {
  const items = Array.isArray(result.results) ? result.results.map(objectOf) : [];
  const failed = items.find((item) => item.failed === true) ?? result;
  const message = lastLines(textOf(failed.msg), 3);
  const printed = ['module_stderr', 'stderr', 'module_stdout', 'stdout'].map((key) => textOf(failed[key]));
  const output = printed.find((text) => text.trim() !== '') ?? textOf(failed.exception);
  const rest = lastLines(output, MOST_LINES - message.length).filter((line) => !message.includes(line));
  return [...message, ...rest];
}
