// SPDX-License-Identifier: Apache-2.0
// The text form of a log line, as Python's logging writes it (configuration.md §5).
import type { LogRecord } from './record.js';

const twoDigits = (value: number): string => String(value).padStart(2, '0');

/** Local time as `2026-11-20 08:46:40,795`. */
export function logTime(time: Date): string {
  const date = `${time.getFullYear()}-${twoDigits(time.getMonth() + 1)}-${twoDigits(time.getDate())}`;
  const clock = [time.getHours(), time.getMinutes(), time.getSeconds()].map(twoDigits).join(':');
  return `${date} ${clock},${String(time.getMilliseconds()).padStart(3, '0')}`;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: finding control characters is the point
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029]/g;

/**
 * Text that cannot pass for another line nor command a terminal: control characters are shown as escapes, and what
 * follows a line break is indented.
 */
function tameText(text: string): string {
  return text
    .replaceAll('\r\n', '\n')
    .replace(CONTROL, (character) => `\\x${(character.codePointAt(0) ?? 0).toString(16).padStart(2, '0')}`)
    .replaceAll('\n', '\n  ');
}

const isErrorShape = (value: unknown): value is { readonly message: unknown; readonly stack?: unknown } =>
  typeof value === 'object' && value !== null && 'message' in value && 'name' in value;

function fieldText(value: unknown): string {
  if (isErrorShape(value)) return JSON.stringify(value.message);
  return typeof value === 'string' && /^[\w.:/@+-]+$/.test(value) ? value : (JSON.stringify(value) ?? 'undefined');
}

/** The message, then `[infId=... vmId=...]` when the line has fields, then the stack of an error on lines of its own. */
export function messageText(record: LogRecord): string {
  const fields = Object.entries(record.fields)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key}=${fieldText(value)}`);
  const { error } = record.fields;
  const stack = isErrorShape(error) && typeof error.stack === 'string' ? `\n${error.stack}` : '';
  return tameText(record.message + (fields.length > 0 ? ` [${fields.join(' ')}]` : '') + stack);
}

/** The whole line, without line end: `2026-11-20 08:46:40,795 - InfrastructureManager - INFO - text`. */
export function textLine(record: LogRecord): string {
  return `${logTime(record.time)} - ${record.logger} - ${record.level} - ${messageText(record)}`;
}
