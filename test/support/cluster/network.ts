// SPDX-License-Identifier: Apache-2.0
// The way from one daemon to the database: a TCP proxy that can be cut, or can swallow everything, and be mended.
import { once } from 'node:events';
import { createConnection, createServer, type Socket } from 'node:net';

/** A way that can be broken. */
export interface Network {
  readonly port: number;
  /** Resets all connections and refuses new ones. */
  cut(): void;
  /** Forwards nothing any more, in either direction, without telling anybody. */
  swallow(): void;
  /** New connections work again; those that were swallowed are reset. */
  mend(): void;
  close(): Promise<void>;
}

/** Starts a proxy to a port of loopback. */
export async function startNetwork(target: number): Promise<Network> {
  const sockets = new Set<Socket>();
  let state: 'whole' | 'cut' | 'swallowing' = 'whole';
  let lost = new Set<Socket>();

  const server = createServer((client) => {
    if (state === 'cut') {
      client.resetAndDestroy();
      return;
    }
    const upstream = createConnection(target, '127.0.0.1');
    const pair = [client, upstream];
    if (state === 'swallowing') for (const socket of pair) lost.add(socket);
    const forward = (from: Socket, to: Socket): void => {
      from.on('data', (bytes) => {
        if (!lost.has(from)) to.write(bytes);
      });
      from.on('error', () => undefined);
      from.on('close', () => {
        sockets.delete(from);
        // The other side of a swallowed connection hears nothing of its end.
        if (!lost.has(from)) to.destroy();
      });
      sockets.add(from);
    };
    forward(client, upstream);
    forward(upstream, client);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('no TCP address');
  return {
    port: address.port,
    cut() {
      state = 'cut';
      for (const socket of [...sockets]) socket.resetAndDestroy();
    },
    swallow() {
      state = 'swallowing';
      lost = new Set(sockets);
    },
    mend() {
      state = 'whole';
      for (const socket of lost) socket.resetAndDestroy();
      lost = new Set();
    },
    async close() {
      for (const socket of [...sockets]) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
