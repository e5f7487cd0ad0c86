// SPDX-License-Identifier: Apache-2.0
// Reads a logging.conf in the form of Python's fileConfig, as existing installations have it (configuration.md §5).
import type { Writable } from 'node:stream';
import { parseIni } from '../../util/ini.js';
import type { LogLevel } from '../../util/logger.js';
import { FileSink, type Rotation } from '../sinks/file-sink.js';
import type { LogSink, OnTrouble } from '../sinks/sink.js';
import { createStreamSink } from '../sinks/stream-sink.js';
import { createSyslogSink } from '../sinks/syslog-sink.js';
import { createTimeRotation } from '../sinks/time-rotation.js';
import type { LogHandler, LogRoute, LogRouting } from './logging.js';
import { pythonFormat } from './python-format.js';
import { type PythonValue, parsePythonLiteral } from './python-literal.js';
import type { LogRecord, ProcessFacts } from './record.js';
import { messageText } from './text-line.js';

/** What the handlers of a logging.conf need of the world. */
export interface LoggingConfWorld extends ProcessFacts {
  readonly now: () => Date;
  readonly stdout: Writable;
  readonly stderr: Writable;
  readonly onTrouble: OnTrouble;
}

type Sections = ReadonlyMap<string, ReadonlyMap<string, string>>;
type Arguments = { readonly positional: readonly PythonValue[]; readonly named: ReadonlyMap<string, PythonValue> };
type Render = (record: LogRecord) => string;

/** A logging.conf that cannot be used; the message is a sentence. */
export class LoggingConfError extends Error {
  override readonly name = 'LoggingConfError';
}

function sectionsOf(text: string): Sections {
  const { entries, errors } = parseIni(text);
  const [wrong] = errors;
  if (wrong) throw new LoggingConfError(`Line ${wrong.line}: ${wrong.message}.`);
  const sections = new Map<string, Map<string, string>>();
  for (const { section, name, value } of entries) {
    const options = sections.get(section) ?? new Map<string, string>();
    options.set(name, value);
    sections.set(section, options);
  }
  return sections;
}

function sectionOf(sections: Sections, name: string): ReadonlyMap<string, string> {
  const section = sections.get(name);
  if (!section) throw new LoggingConfError(`Section [${name}] is missing.`);
  return section;
}

const namesIn = (text: string | undefined): readonly string[] =>
  (text ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');

const LEVELS: ReadonlyMap<string, LogLevel> = new Map<string, LogLevel>([
  ['DEBUG', 'DEBUG'],
  ['INFO', 'INFO'],
  ['WARN', 'WARNING'],
  ['WARNING', 'WARNING'],
  ['ERROR', 'ERROR'],
  ['FATAL', 'CRITICAL'],
  ['CRITICAL', 'CRITICAL'],
]);

function levelOf(text: string | undefined, where: string): LogLevel | undefined {
  // NOTSET leaves the decision to whoever comes next.
  if (text === undefined || text === '' || text.toUpperCase() === 'NOTSET') return undefined;
  const level = LEVELS.get(text.toUpperCase());
  if (!level) throw new LoggingConfError(`Level ${JSON.stringify(text)} of [${where}] is not known.`);
  return level;
}

function argumentsOf(section: ReadonlyMap<string, string>): Arguments {
  const args = parsePythonLiteral(section.get('ARGS') || '()');
  const named = parsePythonLiteral(section.get('KWARGS') || '{}');
  return {
    positional: Array.isArray(args) ? args : [args],
    named: named instanceof Map ? named : new Map(),
  };
}

function argument(given: Arguments, index: number, name: string): PythonValue | undefined {
  return given.positional[index] ?? given.named.get(name);
}

function textArgument(given: Arguments, index: number, name: string, where: string): string {
  const value = argument(given, index, name);
  if (typeof value !== 'string') throw new LoggingConfError(`Argument ${name} of [${where}] must be a text.`);
  return value;
}

function numberArgument(given: Arguments, index: number, name: string): number {
  const value = argument(given, index, name);
  return typeof value === 'number' ? value : 0;
}

const FACILITIES: ReadonlyMap<string, number> = new Map([
  ['LOG_KERN', 0],
  ['LOG_USER', 1],
  ['LOG_DAEMON', 3],
  ['LOG_SYSLOG', 5],
  ...Array.from({ length: 8 }, (_, index): [string, number] => [`LOG_LOCAL${index}`, 16 + index]),
]);

const SYSLOG_SEVERITIES: Readonly<Record<LogLevel, number>> = {
  DEBUG: 7,
  INFO: 6,
  WARNING: 4,
  ERROR: 3,
  CRITICAL: 2,
};

function facilityOf(value: PythonValue | undefined): number {
  if (typeof value === 'number') return value;
  const word = typeof value === 'object' && value !== null && 'name' in value ? value.name.split('.').pop() : value;
  if (typeof word !== 'string') return 1;
  return FACILITIES.get(word) ?? FACILITIES.get(`LOG_${word.toUpperCase()}`) ?? 1;
}

/** A handler that is understood but not yet opened, so that a mistake further down opens nothing. */
type HandlerPlan = { readonly level: LogLevel; readonly render: Render; readonly open: () => LogSink };

function planSyslog(given: Arguments, level: LogLevel, render: Render, where: string, world: LoggingConfWorld) {
  const address = argument(given, 0, 'address') ?? ['localhost', 514];
  const [host, port] = Array.isArray(address) ? address : [];
  if (typeof host !== 'string' || typeof port !== 'number') {
    throw new LoggingConfError(`The address of [${where}] must be ('host', port); local sockets are not supported.`);
  }
  const facility = facilityOf(argument(given, 1, 'facility'));
  return {
    level,
    render: (record: LogRecord) => `<${facility * 8 + SYSLOG_SEVERITIES[record.level]}>${render(record)}`,
    open: () => createSyslogSink({ host, port }, world.onTrouble),
  };
}

function planHandler(sections: Sections, name: string, formats: ReadonlyMap<string, Render>, world: LoggingConfWorld) {
  const where = `handler_${name}`;
  const section = sectionOf(sections, where);
  const level = levelOf(section.get('LEVEL'), where) ?? 'DEBUG';
  const formatter = section.get('FORMATTER');
  const render = formatter ? formats.get(formatter) : messageText;
  if (!render) throw new LoggingConfError(`Formatter ${formatter} of [${where}] is not among the formatters.`);
  const given = argumentsOf(section);
  const kind = (section.get('CLASS') ?? '').replace(/^(?:logging\.)?(?:handlers\.)?/, '');
  const file = (rotation: () => Rotation): HandlerPlan => {
    const path = textArgument(given, 0, 'filename', where);
    return { level, render, open: () => new FileSink(path, rotation(), world.onTrouble) };
  };
  switch (kind) {
    case 'StreamHandler': {
      const stream = argument(given, 0, 'stream') ?? argument(given, 0, 'strm');
      const isStdout =
        typeof stream === 'object' && stream !== null && 'name' in stream && stream.name === 'sys.stdout';
      return { level, render, open: () => createStreamSink(isStdout ? world.stdout : world.stderr, world.onTrouble) };
    }
    case 'FileHandler':
    case 'WatchedFileHandler':
      return file(() => ({ kind: 'never' }));
    case 'RotatingFileHandler':
      return file(() => ({
        kind: 'size',
        maxBytes: numberArgument(given, 2, 'maxBytes'),
        backups: numberArgument(given, 3, 'backupCount'),
      }));
    case 'TimedRotatingFileHandler': {
      const when = argument(given, 1, 'when') ?? 'h';
      const path = textArgument(given, 0, 'filename', where);
      return file(() => {
        const rotation = createTimeRotation({
          path,
          when: String(when),
          interval: numberArgument(given, 2, 'interval') || 1,
          backups: numberArgument(given, 3, 'backupCount'),
          now: world.now,
        });
        if (!rotation) throw new LoggingConfError(`Argument when of [${where}] must be S, M, H, D, MIDNIGHT or W0-W6.`);
        return rotation;
      });
    }
    case 'SysLogHandler':
      return planSyslog(given, level, render, where, world);
    case 'NullHandler':
      return { level, render, open: () => ({ write: () => {}, reopen: () => {}, close: () => Promise.resolve() }) };
    default:
      throw new LoggingConfError(`Class ${section.get('CLASS') ?? ''} of [${where}] is not supported.`);
  }
}

function openAll(plans: ReadonlyMap<string, HandlerPlan>): ReadonlyMap<string, LogHandler> {
  const handlers = new Map<string, LogHandler>();
  try {
    for (const [name, plan] of plans) handlers.set(name, { level: plan.level, format: plan.render, sink: plan.open() });
  } catch (error) {
    for (const { sink } of handlers.values()) void sink.close();
    throw error;
  }
  return handlers;
}

function formatsOf(sections: Sections, world: LoggingConfWorld): ReadonlyMap<string, Render> {
  const names = namesIn(sectionOf(sections, 'formatters').get('KEYS'));
  return new Map(
    names.map((name) => {
      const section = sectionOf(sections, `formatter_${name}`);
      const form = section.get('FORMAT') || '%(message)s';
      return [name, pythonFormat(form, section.get('DATEFMT') ?? '', world)];
    }),
  );
}

/**
 * The routes that a logging.conf describes, with their destinations open.
 * @throws LoggingConfError, SyntaxError or LogFileError saying what cannot be used; nothing stays open then.
 */
export function readLoggingConf(text: string, world: LoggingConfWorld): LogRouting {
  const sections = sectionsOf(text);
  const formats = formatsOf(sections, world);
  const handlerNames = namesIn(sectionOf(sections, 'handlers').get('KEYS'));
  const plans = new Map(handlerNames.map((name) => [name, planHandler(sections, name, formats, world)]));
  const loggerNames = namesIn(sectionOf(sections, 'loggers').get('KEYS'));
  for (const name of loggerNames) {
    for (const handler of namesIn(sectionOf(sections, `logger_${name}`).get('HANDLERS'))) {
      if (!plans.has(handler)) {
        throw new LoggingConfError(`Handler ${handler} of [logger_${name}] is not among the handlers.`);
      }
    }
    levelOf(sectionOf(sections, `logger_${name}`).get('LEVEL'), `logger_${name}`);
  }

  const handlers = openAll(plans);
  const ownHandlers = (section: ReadonlyMap<string, string>): readonly LogHandler[] =>
    namesIn(section.get('HANDLERS')).flatMap((name) => handlers.get(name) ?? []);
  const rootSection = sections.get('logger_root') ?? new Map<string, string>();
  const root: LogRoute = {
    level: levelOf(rootSection.get('LEVEL'), 'logger_root') ?? (rootSection.has('LEVEL') ? 'DEBUG' : 'WARNING'),
    handlers: ownHandlers(rootSection),
  };
  const loggers = new Map<string, LogRoute>();
  for (const name of loggerNames.filter((candidate) => candidate !== 'root')) {
    const section = sectionOf(sections, `logger_${name}`);
    const inherits = (section.get('PROPAGATE') ?? '1') !== '0';
    loggers.set(section.get('QUALNAME') || name, {
      level: levelOf(section.get('LEVEL'), `logger_${name}`) ?? root.level,
      handlers: [...new Set([...ownHandlers(section), ...(inherits ? root.handlers : [])])],
    });
  }
  return { root, loggers };
}
