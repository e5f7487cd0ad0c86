// SPDX-License-Identifier: Apache-2.0
// Log lines on standard output or standard error, for containers and systemd.
import type { Writable } from 'node:stream';
import { type LogSink, LostLines, type OnTrouble, reasonOf } from './sink.js';

// When nobody reads the pipe, lines are dropped rather than kept in memory without end.
const MOST_HELD_BACK_BYTES = 8 * 1024 * 1024;

const FLUSH_TIMEOUT_MS = 2000;

/** Writes to a stream that it does not own: closing waits for the lines, but leaves the stream open. */
export function createStreamSink(stream: Writable, onTrouble: OnTrouble): LogSink {
  const lost = new LostLines(onTrouble);
  const onError = (error: Error): void => lost.trouble(reasonOf(error));
  stream.on('error', onError);
  return {
    write: (line) => {
      if (stream.destroyed || stream.writableLength > MOST_HELD_BACK_BYTES) {
        lost.add(stream.destroyed ? 'the output is closed' : 'nobody reads the output');
        return;
      }
      const { report } = lost;
      lost.recovered();
      stream.write(report === undefined ? `${line}\n` : `${report}\n${line}\n`);
    },
    reopen: () => {},
    close: () =>
      new Promise((resolve) => {
        const done = () => {
          clearTimeout(timer);
          stream.off('error', onError);
          resolve();
        };
        const timer = setTimeout(done, FLUSH_TIMEOUT_MS);
        // The callback comes after everything written before, also when that failed.
        if (stream.destroyed) done();
        else stream.write('', done);
      }),
  };
}
