// SPDX-License-Identifier: Apache-2.0
// Stores on the databases of a server. A database is emptied and used again, since making its tables takes longer than most tests.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStore, type Store } from '../../src/store/index.js';
import { silentLogger } from '../../src/util/logger.js';
import type { StoreFixture, TestClock } from './store-contract.js';

/** What a kind of server can do for the fixtures. */
export interface FixtureServer {
  url(database: string): string;
  /** Removes what the store wrote, but not its tables. */
  empty(database: string): Promise<void>;
}

/** The tables of the store, those below others first. */
export const STORE_TABLES = [
  'log_chunks',
  'revisions',
  'resources',
  'operations',
  'vm_documents',
  'vms',
  'owners',
  'infrastructure_documents',
  'infrastructures',
  'store_settings',
  'leases',
  'writers',
] as const;

/** Makes fixtures on a server that is asked for when the first one is made. */
export function createServerFixtures(server: () => FixtureServer): (clock: TestClock) => Promise<StoreFixture> {
  const unused: string[] = [];
  let made = 0;
  return async (clock) => {
    const database = unused.pop() ?? `im_test_${process.pid}_${++made}`;
    const directory = await mkdtemp(join(tmpdir(), 'im-store-'));
    const keyFile = join(directory, 'secrets.key');
    const url = server().url(database);
    const opened: Store[] = [];
    return {
      url,
      keyFile,
      async open(options = {}) {
        const store = await openStore({
          url,
          keyFile,
          logger: silentLogger,
          now: () => clock.now,
          leaseClock: 'own',
          ...options,
        });
        opened.push(store);
        return store;
      },
      async destroy() {
        await Promise.all(opened.map((store) => store.close()));
        await server().empty(database);
        unused.push(database);
        await rm(directory, { recursive: true });
      },
    };
  };
}
