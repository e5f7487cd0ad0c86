// SPDX-License-Identifier: Apache-2.0
// The log as the configuration wants it: LOG_FILE, LOG_LEVEL, LOG_FILE_MAX_SIZE, LOG_FORMAT, or a logging.conf.
import type { Writable } from 'node:stream';
import type { LogLevel } from '../../util/logger.js';
import { FileSink } from '../sinks/file-sink.js';
import type { LogSink, OnTrouble } from '../sinks/sink.js';
import { createStreamSink } from '../sinks/stream-sink.js';
import { jsonLine } from './json-line.js';
import { assembleLogging, type Logging, type LogHandler } from './logging.js';
import { readLoggingConf } from './logging-conf.js';
import type { ProcessFacts } from './record.js';
import { textLine } from './text-line.js';

/** The part of the configuration that the log needs; `Config` has it. */
export interface LoggingConfig {
  readonly logLevel: LogLevel;
  /** Empty or `-`: standard output. */
  readonly logFile: string;
  readonly logFileMaxSize: number;
  readonly logFormat: 'text' | 'json';
}

/** What the log needs of the world. */
export interface LoggingWorld extends ProcessFacts {
  readonly now: () => Date;
  readonly stdout: Writable;
  readonly stderr: Writable;
  /** Told when lines are being lost and when logging.conf cannot be used; must not log. */
  readonly onTrouble: OnTrouble;
  /** A logging.conf in Python's form, which then counts instead of the LOG_ options. Undefined: there is none. */
  readonly loggingConf?: { readonly path: string; readonly text: string } | undefined;
}

const OLD_FILES = 3;

function destination(config: LoggingConfig, world: LoggingWorld): LogSink {
  if (config.logFile === '' || config.logFile === '-') return createStreamSink(world.stdout, world.onTrouble);
  const rotation = { kind: 'size', maxBytes: config.logFileMaxSize, backups: OLD_FILES } as const;
  return new FileSink(config.logFile, rotation, world.onTrouble);
}

/**
 * Opens the log.
 * @throws LogFileError when LOG_FILE cannot be written. A logging.conf that cannot be used is only reported to
 * `onTrouble`; then the LOG_ options count.
 */
export function createLogging(config: LoggingConfig, world: LoggingWorld): Logging {
  const { loggingConf } = world;
  if (loggingConf) {
    try {
      return assembleLogging({ routing: readLoggingConf(loggingConf.text, world), now: world.now });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      world.onTrouble(`${loggingConf.path} is not used: ${reason} The LOG_ options count instead.`);
    }
  }
  const handler: LogHandler = {
    level: 'DEBUG',
    sink: destination(config, world),
    format: config.logFormat === 'json' ? (record) => jsonLine(record, world) : textLine,
  };
  const routing = { root: { level: config.logLevel, handlers: [handler] }, loggers: new Map() };
  return assembleLogging({ routing, now: world.now });
}
