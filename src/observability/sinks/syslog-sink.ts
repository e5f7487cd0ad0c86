// SPDX-License-Identifier: Apache-2.0
// Log lines as UDP datagrams to a syslog service, as Python's SysLogHandler sends them.
import { createSocket } from 'node:dgram';
import { type LogSink, LostLines, type OnTrouble, reasonOf } from './sink.js';

// A larger datagram is refused by the network stack; a cut line is better than none.
const LARGEST_DATAGRAM_BYTES = 60 * 1024;

/** Where the service listens. */
export interface SyslogTarget {
  readonly host: string;
  readonly port: number;
}

/** Sends each line with the `<priority>` that it already begins with. The socket keeps no process alive. */
export function createSyslogSink(target: SyslogTarget, onTrouble: OnTrouble): LogSink {
  const lost = new LostLines(onTrouble);
  const socket = createSocket(target.host.includes(':') ? 'udp6' : 'udp4');
  socket.on('error', (error) => lost.trouble(reasonOf(error)));
  socket.unref();
  let pending = 0;
  let whenIdle: (() => void) | undefined;
  let isClosed = false;

  return {
    write: (line) => {
      if (isClosed) return;
      const bytes = Buffer.from(`${line}\0`, 'utf8').subarray(0, LARGEST_DATAGRAM_BYTES);
      pending += 1;
      socket.send(bytes, target.port, target.host, (error) => {
        pending -= 1;
        if (error) lost.add(`${target.host}:${target.port}: ${error.message}`);
        else lost.recovered();
        if (pending === 0) whenIdle?.();
      });
    },
    reopen: () => {},
    close: () =>
      new Promise((resolve) => {
        isClosed = true;
        const finish = () => {
          clearTimeout(timer);
          socket.close(resolve);
        };
        const timer = setTimeout(finish, 1000);
        if (pending === 0) finish();
        else whenIdle = finish;
      }),
  };
}
