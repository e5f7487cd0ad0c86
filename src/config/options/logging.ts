// SPDX-License-Identifier: Apache-2.0
// Options of the log (configuration.md §5).
import { choice, integer, text } from '../option.js';

export const loggingOptions = {
  logLevel: choice({
    name: 'LOG_LEVEL',
    words: ['DEBUG', 'INFO', 'WARNING', 'ERROR', 'CRITICAL'],
    read: (value) => (value.toUpperCase() === 'FATAL' ? 'CRITICAL' : 'WARNING'),
    default: 'INFO',
    emptyMeansDefault: true,
    help: 'Least severity that is logged: DEBUG, INFO, WARNING (WARN), ERROR, CRITICAL (FATAL). Anything else: WARNING.',
  }),
  logFile: text({
    name: 'LOG_FILE',
    unit: 'path',
    default: '/var/log/im/im.log',
    help: 'File of the log; its directory is made. "-" or empty: standard output.',
  }),
  logFileMaxSize: integer({
    name: 'LOG_FILE_MAX_SIZE',
    unit: 'bytes',
    default: 10485760,
    min: 0,
    help: 'Size at which the log file is put away; three old ones are kept. 0: never.',
  }),
  logFormat: choice({
    name: 'LOG_FORMAT',
    words: ['text', 'json'],
    default: 'text',
    help: 'Form of a log line: text as always, or one JSON object.',
  }),
};
