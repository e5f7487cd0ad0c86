// SPDX-License-Identifier: Apache-2.0
// The JSON form of a log line, for machines that collect logs.
import type { LogRecord, ProcessFacts } from './record.js';

/** One JSON object without line end; a field never replaces `ts`, `level`, `logger`, `msg`, `host` or `pid`. */
export function jsonLine(record: LogRecord, facts: ProcessFacts): string {
  return JSON.stringify({
    ...record.fields,
    ts: record.time.toISOString(),
    level: record.level,
    logger: record.logger,
    msg: record.message,
    host: facts.hostName,
    pid: facts.processId,
  });
}
