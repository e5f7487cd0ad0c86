// SPDX-License-Identifier: Apache-2.0
// A door in front of the real engine that can fail on purpose, or ask for TLS client certificates.
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ENGINE_SOCKET } from './engine.js';

/** What the door does with a call. */
export type Treatment = 'pass' | 'refuse' | 'pass-but-lose-answer';

/** Decides about a call from its method and path. */
export type Decide = (method: string, path: string) => Treatment;

/** An open door. */
export interface EngineProxy {
  /** Path of the unix socket, or port of the TLS server. */
  readonly address: string | number;
  close(): Promise<void>;
}

/** Opens a unix socket in front of the engine. */
export async function openProxy(decide: Decide): Promise<EngineProxy> {
  const folder = mkdtempSync(join(tmpdir(), 'im-proxy-'));
  const address = join(folder, 'docker.sock');
  const server = createServer((incoming, outgoing) => handle(decide, incoming, outgoing));
  await new Promise<void>((resolve) => server.listen(address, resolve));
  return {
    address,
    close: async () => {
      await close(server);
      rmSync(folder, { recursive: true });
    },
  };
}

/** Opens a TLS port in front of the engine. */
export async function openTlsProxy(options: ServerOptions): Promise<EngineProxy> {
  const server = createTlsServer(options, (incoming, outgoing) => handle(() => 'pass', incoming, outgoing));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { address: (server.address() as AddressInfo).port, close: () => close(server) };
}

function close(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}

function handle(decide: Decide, incoming: IncomingMessage, outgoing: ServerResponse): void {
  const treatment = decide(incoming.method ?? '', incoming.url ?? '');
  const refuse = (): void => {
    outgoing.writeHead(500, { 'content-type': 'application/json' });
    outgoing.end(JSON.stringify({ message: 'broken on purpose' }));
  };
  if (treatment === 'refuse') {
    incoming.resume();
    incoming.on('end', refuse);
    return;
  }
  const { method, url, headers } = incoming;
  const forwarded = request({ socketPath: ENGINE_SOCKET, method, path: url, headers }, (answer) => {
    if (treatment === 'pass-but-lose-answer') {
      answer.resume();
      answer.on('end', refuse);
      return;
    }
    outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
    answer.pipe(outgoing);
  });
  forwarded.on('error', refuse);
  incoming.pipe(forwarded);
}
