// SPDX-License-Identifier: Apache-2.0
// One log line before it is written, already free of secrets.
import type { LogLevel } from '../../util/logger.js';

/** What a line says. `message` and `fields` have passed the redaction. */
export interface LogRecord {
  readonly time: Date;
  readonly level: LogLevel;
  readonly logger: string;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** What is the same for all lines of a process. */
export interface ProcessFacts {
  readonly hostName: string;
  readonly processId: number;
}

const SEVERITY: Readonly<Record<LogLevel, number>> = { DEBUG: 10, INFO: 20, WARNING: 30, ERROR: 40, CRITICAL: 50 };

/** Whether a line of the given level passes a threshold. */
export function passes(level: LogLevel, threshold: LogLevel): boolean {
  return SEVERITY[level] >= SEVERITY[threshold];
}
