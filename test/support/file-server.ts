// SPDX-License-Identifier: Apache-2.0
// A web server on the loopback address for what documents refer to: types, playbooks, scripts. It remembers what was asked for.
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';

/** Texts by path (`/hosts.yml`). They may change while the server runs. */
export class FileServer {
  readonly files = new Map<string, string>();
  /** Paths in the order in which they were asked for. */
  readonly requests: string[] = [];
  #server: Server | undefined;
  #port = 0;

  /** Listens; on the same port again after a stop. */
  async start(): Promise<void> {
    const server = createServer((request, response) => {
      const path = request.url ?? '';
      this.requests.push(path);
      const text = this.files.get(path);
      // Nothing is kept by those who ask: each test sees what it asks for.
      response.writeHead(text === undefined ? 404 : 200, { 'Content-Type': 'text/plain', 'Cache-Control': 'no-store' });
      response.end(text ?? 'There is no such file.');
    }).listen(this.#port, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('the file server has no port');
    this.#port = address.port;
    this.#server = server;
  }

  /** `http://127.0.0.1:PORT`, known once it has been started. */
  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** From now on nobody answers. */
  async stop(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  }
}
