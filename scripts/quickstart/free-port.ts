// SPDX-License-Identifier: Apache-2.0
// Finds a TCP port that nothing listens on.
import { createServer } from 'node:net';

const TRIES = 200;

/** True when this process could listen on the port of the address now. */
export function isPortFree(port: number, address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: address, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** The wanted port, or the next free one above it that is not among `taken`. */
export async function freePort(wanted: number, address: string, taken: readonly number[] = []): Promise<number> {
  for (let port = wanted; port < wanted + TRIES && port < 65_536; port += 1) {
    if (!taken.includes(port) && (await isPortFree(port, address))) return port;
  }
  throw new Error(`no free port on ${address} from ${wanted} on: stop what listens there`);
}
