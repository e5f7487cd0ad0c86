// SPDX-License-Identifier: Apache-2.0
// The value of a schedule option: cron text with five fields, checked by the library that runs it.
import { validate } from 'node-cron';

/** The text with single blanks, or undefined when it is no schedule. Seconds, which the library would take, are not offered. */
export function readCronText(text: string): string | undefined {
  const fields = text.trim().split(/\s+/);
  const schedule = fields.join(' ');
  return fields.length === 5 && validate(schedule) ? schedule : undefined;
}
