// SPDX-License-Identifier: Apache-2.0
// Days as operators write them.
import { UsageError } from './usage-error.js';

/**
 * The midnight with which a day begins here, milliseconds since 1970.
 * @throws UsageError with the text of the reference's purge script (operations.md §8)
 */
export function parseDay(text: string): number {
  const match = /^(\d{4})([-/])(\d{2})\2(\d{2})$/.exec(text);
  const [year, month, day] = [Number(match?.[1]), Number(match?.[3]), Number(match?.[4])];
  const date = new Date(year, month - 1, day);
  // The 31st of a shorter month would silently be the 1st of the next one.
  if (match === null || date.getMonth() !== month - 1 || date.getDate() !== day) {
    throw new UsageError('Incorrect date format (YYYY-MM-DD).');
  }
  return date.getTime();
}
