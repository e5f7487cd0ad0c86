// SPDX-License-Identifier: Apache-2.0
// Python's %(name)s line forms of logging.conf.
import type { LogLevel } from '../../util/logger.js';
import type { LogRecord, ProcessFacts } from './record.js';
import { strftime } from './strftime.js';
import { logTime, messageText } from './text-line.js';

const LEVEL_NUMBERS: Readonly<Record<LogLevel, number>> = { DEBUG: 10, INFO: 20, WARNING: 30, ERROR: 40, CRITICAL: 50 };

const PLACE = /%(?:%|\(([a-zA-Z]+)\)([-0 ]{0,2})(\d{0,3})(?:\.\d{1,3})?[sdfr])/g;

function adjust(text: string, flags: string, width: number): string {
  if (flags.includes('-')) return text.padEnd(width);
  return flags.includes('0') ? text.padStart(width, '0') : text.padStart(width);
}

/**
 * A renderer for a Python format. Attributes that make no sense here (file name, line number) are empty, threads are
 * called MainThread.
 * @param dateForm strftime form of `%(asctime)s`; empty for the usual one with comma and milliseconds.
 */
export function pythonFormat(form: string, dateForm: string, facts: ProcessFacts): (record: LogRecord) => string {
  const attributes: ReadonlyMap<string, (record: LogRecord) => string> = new Map([
    ['asctime', (record: LogRecord) => (dateForm === '' ? logTime(record.time) : strftime(record.time, dateForm))],
    ['created', (record: LogRecord) => (record.time.getTime() / 1000).toFixed(6)],
    ['msecs', (record: LogRecord) => String(record.time.getMilliseconds())],
    ['name', (record: LogRecord) => record.logger],
    ['levelname', (record: LogRecord) => record.level],
    ['levelno', (record: LogRecord) => String(LEVEL_NUMBERS[record.level])],
    ['message', messageText],
    ['hostname', () => facts.hostName],
    ['process', () => String(facts.processId)],
    ['processName', () => 'MainProcess'],
    ['thread', () => '0'],
    ['threadName', () => 'MainThread'],
  ]);
  return (record) =>
    form.replace(PLACE, (whole: string, name: string | undefined, flags: string, width: string) =>
      whole === '%%' || name === undefined
        ? '%'
        : adjust(attributes.get(name)?.(record) ?? '', flags, Number(width || '0')),
    );
}
