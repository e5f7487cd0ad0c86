// SPDX-License-Identifier: Apache-2.0
// Throughput of the REST API against a bare express route in the same process model.
import { setTimeout as pause } from 'node:timers/promises';
import { Agent, request } from 'undici';
import { AUTHORIZATION, freePort, type MeasuredProcess, startBuiltDaemon, startProcess } from './daemon-process.js';
import { row } from './measure.js';

const CONNECTIONS = 16;
const REQUESTS = 3000;

const DOCUMENT = `network net (outbound = 'yes')
system node (cpu.count >= 1 and net_interface.0.connection = 'net' and disk.0.image.url = 'mock0://x/1')
deploy node 2
contextualize ()
`;

/** Waits until the server has nothing left to do. */
async function settle(server: MeasuredProcess): Promise<void> {
  for (let before = -1; before !== server.cpuSeconds(); ) {
    before = server.cpuSeconds();
    await pause(500);
  }
}

/** CPU milliseconds of the server per request, and requests per second. */
async function load(
  server: MeasuredProcess,
  count: number,
  options: { readonly method: 'GET' | 'POST'; readonly path: string; readonly body?: string },
): Promise<{ readonly cpuMs: number; readonly perSecond: number }> {
  const dispatcher = new Agent({ connections: CONNECTIONS });
  let left = count;
  const cpu = server.cpuSeconds();
  const start = performance.now();
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
      while (left-- > 0) {
        const { body, statusCode } = await request(`${server.url}${options.path}`, {
          dispatcher,
          method: options.method,
          headers: {
            authorization: AUTHORIZATION,
            ...(options.body !== undefined && { 'content-type': 'text/plain' }),
          },
          ...(options.body !== undefined && { body: options.body }),
        });
        await body.dump();
        if (statusCode !== 200) {
          throw new Error(`${options.method} ${options.path}: ${statusCode}`);
        }
      }
    }),
  );
  const seconds = (performance.now() - start) / 1000;
  await dispatcher.close();
  await settle(server);
  return { cpuMs: ((server.cpuSeconds() - cpu) * 1000) / count, perSecond: count / seconds };
}

/** See the top of the file. */
export async function benchHttp(): Promise<void> {
  const port = await freePort();
  const bare = await startProcess(['bench/bare-express.mjs', String(port)], `http://127.0.0.1:${port}`);
  const daemon = await startBuiltDaemon('LOG_LEVEL = WARNING\n');
  try {
    await load(bare, REQUESTS, { method: 'GET', path: '/version' });
    const yardstick = await load(bare, REQUESTS, { method: 'GET', path: '/version' });
    row('request', 'per second', 'CPU ms', '× bare express CPU');
    row('bare express', yardstick.perSecond, yardstick.cpuMs, 1);
    const show = (name: string, result: { readonly cpuMs: number; readonly perSecond: number }): void =>
      row(name, result.perSecond, result.cpuMs, result.cpuMs / yardstick.cpuMs);
    await load(daemon, 500, { method: 'GET', path: '/version' });
    show('version', await load(daemon, REQUESTS, { method: 'GET', path: '/version' }));
    show(
      'create (2 VMs, async)',
      await load(daemon, 200, { method: 'POST', path: '/infrastructures?async=true', body: DOCUMENT }),
    );
    const { body } = await request(`${daemon.url}/infrastructures`, { headers: { authorization: AUTHORIZATION } });
    const [first = ''] = (await body.text()).split('\n');
    show('list (200)', await load(daemon, 1000, { method: 'GET', path: '/infrastructures' }));
    show('state', await load(daemon, REQUESTS, { method: 'GET', path: `${new URL(first).pathname}/state` }));
    show('VM info', await load(daemon, REQUESTS, { method: 'GET', path: `${new URL(first).pathname}/vms/0` }));
  } finally {
    await daemon.stop();
    await bare.stop();
  }
}
