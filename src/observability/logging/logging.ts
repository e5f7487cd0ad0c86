// SPDX-License-Identifier: Apache-2.0
// Puts the log together: our Logger in front, redaction, winston in the middle, sinks behind.
import { Writable } from 'node:stream';
import { createLogger, format, transports, type Logger as WinstonLogger } from 'winston';
import type { ChildOptions, LogFields, Logger, LoggerName, LogLevel } from '../../util/logger.js';
import { redactText, redactValue } from '../redaction.js';
import type { LogSink } from '../sinks/sink.js';
import { type LogRecord, passes } from './record.js';

/** One destination with its own form and threshold. */
export interface LogHandler {
  readonly level: LogLevel;
  readonly sink: LogSink;
  readonly format: (record: LogRecord) => string;
}

/** Where the lines of one logger go. */
export interface LogRoute {
  readonly level: LogLevel;
  readonly handlers: readonly LogHandler[];
}

/** The routes of all loggers; the names that are not listed take the root's. */
export interface LogRouting {
  readonly root: LogRoute;
  readonly loggers: ReadonlyMap<string, LogRoute>;
}

/** The log of a process. It is itself the logger `InfrastructureManager`. */
export interface Logging extends Logger {
  /** The logger of that name. */
  named(name: LoggerName): Logger;
  /** Opens log files again after they were moved away (SIGHUP). */
  reopen(): void;
  /** Writes everything out and lets go of the destinations. Lines that come later are dropped. */
  close(): Promise<void>;
}

const LEVELS: Readonly<Record<LogLevel, number>> = { CRITICAL: 0, ERROR: 1, WARNING: 2, INFO: 3, DEBUG: 4 };

/** What travels through winston: the record, under a key of ours. */
interface Envelope {
  readonly level: string;
  readonly message: unknown;
  readonly record?: unknown;
}

const isRecord = (value: unknown): value is LogRecord =>
  typeof value === 'object' && value !== null && 'logger' in value && 'fields' in value && 'time' in value;

const MESSAGE = Symbol.for('message');

/** A winston transport that formats for one handler the lines which are routed to it. */
function transportOf(handler: LogHandler, routing: LogRouting): transports.StreamTransportInstance {
  const render = format((info: Envelope & Record<symbol, unknown>) => {
    const { record } = info;
    if (!isRecord(record) || !passes(record.level, handler.level)) return false;
    if (!routeOf(routing, record.logger).handlers.includes(handler)) return false;
    return { ...info, message: '', [MESSAGE]: handler.format(record) };
  });
  const stream = new Writable({
    decodeStrings: false,
    write: (chunk: unknown, _encoding, done) => {
      handler.sink.write(String(chunk));
      done();
    },
  });
  return new transports.Stream({ stream, eol: '', format: render() });
}

const routeOf = (routing: LogRouting, logger: string): LogRoute => routing.loggers.get(logger) ?? routing.root;

/** What {@link assembleLogging} is made of. */
export interface LoggingParts {
  readonly routing: LogRouting;
  readonly now: () => Date;
}

/** Builds the log from its routes. Logging never throws; lines are free of secrets before winston sees them. */
export function assembleLogging({ routing, now }: LoggingParts): Logging {
  const routes = [routing.root, ...routing.loggers.values()];
  const handlers = [...new Set(routes.flatMap((route) => route.handlers))];
  const outputs = handlers.map((handler) => transportOf(handler, routing));
  const winston: WinstonLogger = createLogger({
    levels: LEVELS,
    level: 'DEBUG',
    exitOnError: false,
    silent: outputs.length === 0,
    transports: outputs,
  });
  winston.on('error', () => {}); // the sinks count what they lose; an error event must not end the process
  let isClosed = false;

  const write = (level: LogLevel, logger: string, message: string, fixed: LogFields, fields?: LogFields): void => {
    if (isClosed || !passes(level, routeOf(routing, logger).level)) return;
    winston.log({ level, message: '', record: recordOf(now(), level, logger, message, { ...fixed, ...fields }) });
  };

  const make = (logger: string, fixed: LogFields): Logger => ({
    debug: (message, fields) => write('DEBUG', logger, message, fixed, fields),
    info: (message, fields) => write('INFO', logger, message, fixed, fields),
    warn: (message, fields) => write('WARNING', logger, message, fixed, fields),
    error: (message, fields) => write('ERROR', logger, message, fixed, fields),
    child: (options: ChildOptions) => make(options.logger ?? logger, { ...fixed, ...options.fields }),
  });

  const close = async (): Promise<void> => {
    if (isClosed) return;
    isClosed = true;
    const finished = outputs.map((output) => new Promise((resolve) => output.once('finish', resolve)));
    winston.end();
    await Promise.all(finished);
    await Promise.all(handlers.map((handler) => handler.sink.close()));
  };

  return {
    ...make('InfrastructureManager', {}),
    named: (name) => make(name, {}),
    reopen: () =>
      handlers.forEach((handler) => {
        handler.sink.reopen();
      }),
    close,
  };
}

function recordOf(time: Date, level: LogLevel, logger: string, message: string, fields: LogFields): LogRecord {
  try {
    const safe = redactValue({ ...fields });
    const isObject = typeof safe === 'object' && safe !== null;
    return { time, level, logger, message: redactText(message), fields: isObject ? { ...safe } : {} };
  } catch (error) {
    // A field with a throwing getter; say so instead of losing the line.
    const reason = error instanceof Error ? redactText(error.message) : 'unknown';
    return { time, level, logger, message: redactText(message), fields: { unreadableFields: reason } };
  }
}
