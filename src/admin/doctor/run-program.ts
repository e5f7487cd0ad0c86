// SPDX-License-Identifier: Apache-2.0
// Doctor: runs a program of the host for a short time and takes the first line that it says.
import { execFile } from 'node:child_process';

const TIMEOUT_MS = 10_000;
const MOST_BYTES = 64 * 1024;

/** The first line of its output, or of its error output; undefined when there is no such program or it fails. */
export function firstLineOf(program: string, args: readonly string[]): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile(program, [...args], { timeout: TIMEOUT_MS, maxBuffer: MOST_BYTES }, (error, stdout, stderr) => {
      const [line = ''] = (stdout.trim() === '' ? stderr : stdout).trim().split('\n');
      resolve(error === null ? line.trim() : undefined);
    });
  });
}
