// SPDX-License-Identifier: Apache-2.0
// Banners and time lines of Ansible's screen output (contextualization.md §13.3).
import { DAYS, MONTHS } from '../../util/english-dates.js';

const COLUMNS = 79;
const MIN_STARS = 3;

/** A blank line, the title, and stars up to column 80, with a line end. */
export function banner(title: string): string {
  return `\n${title} ${'*'.repeat(Math.max(MIN_STARS, COLUMNS - title.length))}\n`;
}

/**
 * The line under a TASK banner: `Friday 20 November 2026  09:35:41.975637 ` with its trailing blank and a line end.
 *
 * @param time ISO text in UTC as Ansible writes it, with up to six digits of fraction
 * @param offsetMinutes time zone of the master, minutes east of UTC
 * @returns an empty text when the time cannot be read
 */
export function timeLine(time: string, offsetMinutes: number): string {
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?Z$/.exec(time);
  const seconds = Date.parse(`${match?.[1]}Z`);
  if (match === null || Number.isNaN(seconds)) return '';
  const local = new Date(seconds + offsetMinutes * 60_000);
  const day = `${DAYS[local.getUTCDay()]} ${twoDigits(local.getUTCDate())} ${MONTHS[local.getUTCMonth()]}`;
  const clock = [local.getUTCHours(), local.getUTCMinutes(), local.getUTCSeconds()].map(twoDigits).join(':');
  return `${day} ${local.getUTCFullYear()}  ${clock}.${(match[2] ?? '').padEnd(6, '0')} \n`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}
