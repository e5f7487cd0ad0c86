// SPDX-License-Identifier: Apache-2.0
// A TCP proxy before a database server that can be told to swallow the answer to a statement and cut the connection, or to go silent.
import { once } from 'node:events';
import { createConnection, createServer, type Socket } from 'node:net';

/** A proxy on a port of loopback. */
export interface CuttingProxy {
  readonly port: number;
  /** Cuts the next connection on which the client sends this text, as soon as the server has answered it. */
  cutAnswerTo(text: string, options?: { readonly andListenNoMore: boolean }): void;
  /** Forwards nothing more on the present connections, as a network that swallows packets. */
  silence(): void;
  /** Connections that were cut. */
  readonly cuts: number;
  close(): Promise<void>;
}

/** Starts a proxy to a server on loopback. */
export async function startCuttingProxy(target: number): Promise<CuttingProxy> {
  const sockets = new Set<Socket>();
  const silent = new Set<Socket>();
  let wanted: string | undefined;
  let isLast = false;
  let isDead = false;
  let cuts = 0;

  const server = createServer((client) => {
    if (isDead) {
      client.destroy();
      return;
    }
    const upstream = createConnection(target, '127.0.0.1');
    let isDoomed = false;
    const end = (): void => {
      client.destroy();
      upstream.destroy();
    };
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('close', () => {
        sockets.delete(socket);
        end();
      });
      socket.on('error', end);
    }
    client.on('data', (bytes) => {
      if (silent.has(client)) {
        return;
      }
      if (wanted !== undefined && bytes.includes(wanted)) {
        wanted = undefined;
        isDoomed = true;
      }
      upstream.write(bytes);
    });
    upstream.on('data', (bytes) => {
      if (silent.has(client)) {
        return;
      }
      if (isDoomed) {
        cuts += 1;
        end();
        if (isLast) {
          isDead = true;
          for (const socket of sockets) {
            socket.destroy();
          }
        }
        return;
      }
      client.write(bytes);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') {
    throw new TypeError('no TCP address');
  }
  return {
    port: address.port,
    get cuts() {
      return cuts;
    },
    cutAnswerTo(text, { andListenNoMore } = { andListenNoMore: false }) {
      wanted = text;
      isLast = andListenNoMore;
    },
    silence() {
      for (const socket of sockets) {
        silent.add(socket);
      }
    },
    async close() {
      for (const socket of sockets) {
        socket.destroy();
      }
      server.close();
      await once(server, 'close');
    },
  };
}
