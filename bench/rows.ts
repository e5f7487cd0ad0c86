// SPDX-License-Identifier: Apache-2.0
// What one state change costs the database, in an infrastructure of 1 and of 1,000 VMs: rows and bytes must be the same.
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Infrastructure, VirtualMachine } from '../src/domain/index.js';
import { parseRadl } from '../src/radl/index.js';
import { openStore, type Store } from '../src/store/index.js';
import { Sqlite } from '../src/store/sql/sqlite-driver.js';
import { silentLogger } from '../src/util/logger.js';
import { best, row } from './measure.js';

const ID = '00000000-0000-4000-8000-000000000001';

const radl = parseRadl(`network net (outbound = 'yes')
system node (cpu.count = 1 and memory.size = 512M and net_interface.0.connection = 'net' and net_interface.0.ip = '10.0.0.1')
`);

const infrastructure: Infrastructure = {
  id: ID,
  createdAt: 0,
  owners: [{ username: 'bench', password: 'bench' }],
  configured: null,
  masterVm: null,
  isDestroying: false,
  isDeleted: false,
  nextVmNumber: 0,
  version: 0,
  radl,
  privateNetworks: new Map(),
  snapshots: [],
  extra: {},
};

const vm = (number: number): VirtualMachine => ({
  infrastructureId: ID,
  number,
  providerId: `vm-${number}`,
  cloud: { id: 'd', type: 'Dummy', protocol: '', server: '', port: -1, path: '', extra: {} },
  cloudState: 'running',
  configured: null,
  isDeleting: false,
  isCreating: false,
  isDestroyed: false,
  isUpdateFailing: false,
  lastUpdate: 0,
  info: radl,
  requested: radl,
  systemName: 'node',
  errorMessage: '',
  createdAt: 0,
  operationId: '',
  extra: {},
});

async function measure(size: number): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'im-bench-'));
  const file = join(directory, 'inf.dat');
  const store: Store = await openStore({ url: `sqlite://${file}`, logger: silentLogger, now: Date.now });
  try {
    await store.migrate();
    await store.commit([
      { kind: 'insert-infrastructure', infrastructure },
      ...Array.from({ length: size }, (_, number) => ({ kind: 'insert-vm' as const, vm: vm(number) })),
    ]);
    let isStopped = false;
    const change = (): Promise<void> => {
      isStopped = !isStopped;
      return store.commit([
        {
          kind: 'update-vm',
          infrastructureId: ID,
          number: 0,
          set: { cloudState: isStopped ? 'stopped' : 'running', lastUpdate: Date.now() },
        },
      ]);
    };
    await change();
    const reader = new Sqlite(file);
    reader.pragma('wal_checkpoint(TRUNCATE)');
    reader.close();
    const before = (await stat(`${file}-wal`)).size;
    const changes = 20;
    for (let n = 0; n < changes; n += 1) {
      await change();
    }
    const bytes = ((await stat(`${file}-wal`)).size - before) / changes;
    row(size, await best(50, change), bytes);
  } finally {
    await store.close();
    await rm(directory, { recursive: true, force: true });
  }
}

/** See the top of the file. */
export async function benchRows(): Promise<void> {
  row('VMs', 'ms per change', 'log bytes per change');
  for (const size of [1, 100, 1000]) {
    await measure(size);
  }
}
