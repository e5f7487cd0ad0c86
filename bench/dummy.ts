// SPDX-License-Identifier: Apache-2.0
// Create, state, list and destroy of 10, 100 and 1,000 Dummy VMs: time and CPU per VM must stay flat.
import { setTimeout as pause } from 'node:timers/promises';
import { AUTHORIZATION, type MeasuredProcess, startBuiltDaemon } from './daemon-process.js';
import { row } from './measure.js';

const SIZES = [10, 100, 1000];

const document = (count: number): string => `network net (outbound = 'yes')
system node (cpu.count >= 1 and net_interface.0.connection = 'net' and disk.0.image.url = 'mock0://x/1')
deploy node ${count}
contextualize ()
`;

interface Cost {
  readonly ms: number;
  readonly cpuMs: number;
}

async function cost<T>(daemon: MeasuredProcess, task: () => Promise<T>): Promise<Cost & { readonly value: T }> {
  const cpu = daemon.cpuSeconds();
  const start = performance.now();
  const value = await task();
  return { value, ms: performance.now() - start, cpuMs: (daemon.cpuSeconds() - cpu) * 1000 };
}

async function call(daemon: MeasuredProcess, method: string, path: string, body?: string): Promise<string> {
  const response = await fetch(path.startsWith('http') ? path : `${daemon.url}${path}`, {
    method,
    headers: { Authorization: AUTHORIZATION, ...(body !== undefined && { 'Content-Type': 'text/plain' }) },
    ...(body !== undefined && { body }),
  });
  const text = await response.text();
  if (!response.ok) {
    throw new Error(`${method} ${path}: ${response.status} ${text}`);
  }
  return text;
}

/** See the top of the file. */
export async function benchDummy(): Promise<void> {
  row(
    'VMs',
    'create ms/VM',
    'create CPU ms/VM',
    'state ms',
    'list ms',
    'destroy ms/VM',
    'destroy CPU ms/VM',
    'peak MiB',
  );
  for (const size of SIZES) {
    const daemon = await startBuiltDaemon();
    try {
      const uri = (await call(daemon, 'POST', '/infrastructures', document(1))).trim();
      await call(daemon, 'DELETE', uri);
      const create = await cost(daemon, async () => {
        const created = (await call(daemon, 'POST', '/infrastructures', document(size))).trim();
        while (!(await call(daemon, 'GET', `${created}/state`)).includes('"state":"configured"')) {
          await pause(20);
        }
        return created;
      });
      const state = await cost(daemon, () => call(daemon, 'GET', `${create.value}/state`));
      const list = await cost(daemon, () => call(daemon, 'GET', create.value));
      const destroy = await cost(daemon, () => call(daemon, 'DELETE', create.value));
      row(
        size,
        create.ms / size,
        create.cpuMs / size,
        state.ms,
        list.ms,
        destroy.ms / size,
        destroy.cpuMs / size,
        daemon.memoryMiB(),
      );
    } finally {
      await daemon.stop();
    }
  }
}
