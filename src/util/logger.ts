// SPDX-License-Identifier: Apache-2.0
// The logging contract that every room may depend on; the implementation lives in observability.

/** Severity of a log line, in the words of Python's logging so that log files stay comparable. */
export type LogLevel = 'DEBUG' | 'INFO' | 'WARNING' | 'ERROR' | 'CRITICAL';

/** The three historic logger names plus room for ours; they appear in every text line (configuration.md §5). */
export type LoggerName = 'InfrastructureManager' | 'ConfManager' | 'CloudConnector';

/**
 * What a line is about. The known keys are the ones that an operator searches for; other keys are allowed.
 * Values may be anything: the implementation serialises, bounds and redacts them. An `Error` under `error` is
 * written with its code, message and stack.
 */
export interface LogFields {
  readonly reqId?: string | undefined;
  readonly infId?: string | undefined;
  readonly vmId?: string | number | undefined;
  readonly opId?: string | undefined;
  readonly error?: unknown;
  readonly [key: string]: unknown;
}

/** What {@link Logger.child} may fix for all lines of the child. */
export interface ChildOptions {
  /** Writes under another logger name, for example `CloudConnector`. */
  readonly logger?: LoggerName;
  readonly fields?: LogFields;
}

/** Writes log lines. Never throws: a log that cannot be written must not break the work that it describes. */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A logger whose lines all carry the given fields, on top of those of this one. */
  child(options: ChildOptions): Logger;
}

/** A logger that writes nothing: for tests and for callers that have none. */
export const silentLogger: Logger = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  child: () => silentLogger,
};
