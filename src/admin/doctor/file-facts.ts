// SPDX-License-Identifier: Apache-2.0
// Doctor: what is known of a file, and how its mode is written.
import type { Stats } from 'node:fs';
import { stat } from 'node:fs/promises';

/** Undefined when there is no such file, or it cannot be looked at. */
export async function factsOf(path: string): Promise<Stats | undefined> {
  return await stat(path).catch(() => undefined);
}

/** `0640`. */
export function modeText({ mode }: Pick<Stats, 'mode'>): string {
  return (mode & 0o777).toString(8).padStart(4, '0');
}
