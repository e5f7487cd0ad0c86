// SPDX-License-Identifier: Apache-2.0
// A TCP connection made with a time limit, ready for interactive traffic.
import { Socket } from 'node:net';
import { SshError } from './ssh-error.js';

/**
 * Connects to a port. Nagle's algorithm is off: SSH waits for small answers all the time.
 * @throws SshError `unreachable`; the signal's reason when it aborts.
 */
export function openSocket(host: string, port: number, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = new Socket();
    const fail = (error: unknown) => {
      cleanUp();
      // A late error of a socket that nobody uses any more must not end the process.
      socket.on('error', () => {});
      socket.destroy();
      reject(error);
    };
    const onAbort = () => fail(signal.reason);
    const onError = (error: Error) =>
      fail(new SshError('unreachable', `Cannot connect to ${host}:${port}: ${error.message}`, error));
    const onConnect = () => {
      cleanUp();
      resolve(socket);
    };
    const cleanUp = () => {
      signal.removeEventListener('abort', onAbort);
      socket.off('error', onError);
      socket.off('connect', onConnect);
    };
    if (signal.aborted) {
      reject(signal.reason);
      return;
    }
    signal.addEventListener('abort', onAbort, { once: true });
    socket.once('error', onError);
    socket.once('connect', onConnect);
    socket.setNoDelay(true);
    socket.connect({ host, port });
  });
}
