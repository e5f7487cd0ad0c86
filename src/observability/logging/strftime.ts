// SPDX-License-Identifier: Apache-2.0
// Python's strftime for the date forms of logging.conf, in local time and English names.
import { DAYS, MONTHS } from '../../util/english-dates.js';

const pad = (value: number, width = 2): string => String(value).padStart(width, '0');

function offset(time: Date): string {
  const minutes = -time.getTimezoneOffset();
  return (minutes < 0 ? '-' : '+') + pad(Math.floor(Math.abs(minutes) / 60)) + pad(Math.abs(minutes) % 60);
}

const PARTS: ReadonlyMap<string, (time: Date) => string> = new Map([
  ['Y', (time: Date) => pad(time.getFullYear(), 4)],
  ['y', (time: Date) => pad(time.getFullYear() % 100)],
  ['m', (time: Date) => pad(time.getMonth() + 1)],
  ['d', (time: Date) => pad(time.getDate())],
  ['H', (time: Date) => pad(time.getHours())],
  ['I', (time: Date) => pad(time.getHours() % 12 || 12)],
  ['M', (time: Date) => pad(time.getMinutes())],
  ['S', (time: Date) => pad(time.getSeconds())],
  ['f', (time: Date) => `${pad(time.getMilliseconds(), 3)}000`],
  ['p', (time: Date) => (time.getHours() < 12 ? 'AM' : 'PM')],
  ['a', (time: Date) => (DAYS[time.getDay()] ?? '').slice(0, 3)],
  ['A', (time: Date) => DAYS[time.getDay()] ?? ''],
  ['b', (time: Date) => (MONTHS[time.getMonth()] ?? '').slice(0, 3)],
  ['B', (time: Date) => MONTHS[time.getMonth()] ?? ''],
  ['z', offset],
  ['s', (time: Date) => String(Math.floor(time.getTime() / 1000))],
  ['%', () => '%'],
]);

const SHORTHANDS: ReadonlyMap<string, string> = new Map([
  ['%F', '%Y-%m-%d'],
  ['%T', '%H:%M:%S'],
  ['%R', '%H:%M'],
  ['%c', '%a %b %d %H:%M:%S %Y'],
  ['%x', '%m/%d/%y'],
  ['%X', '%H:%M:%S'],
]);

/** The time in the given form; directives that are not known stay as they are. */
export function strftime(time: Date, form: string): string {
  return form
    .replace(/%[A-Za-z%]/g, (directive) => SHORTHANDS.get(directive) ?? directive)
    .replace(/%([A-Za-z%])/g, (directive, letter: string) => PARTS.get(letter)?.(time) ?? directive);
}
