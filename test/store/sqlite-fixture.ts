// SPDX-License-Identifier: Apache-2.0
// A store on an SQLite file in a directory of its own.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStore, type Store } from '../../src/store/index.js';
import { silentLogger } from '../../src/util/logger.js';
import type { StoreFixture, TestClock } from './store-contract.js';

/** A fixture that also tells where the file is. */
export interface SqliteFixture extends StoreFixture {
  readonly path: string;
}

export async function createSqliteFixture(clock: TestClock): Promise<SqliteFixture> {
  const directory = await mkdtemp(join(tmpdir(), 'im-store-'));
  const path = join(directory, 'inf.dat');
  const opened: Store[] = [];
  return {
    path,
    url: `sqlite://${path}`,
    keyFile: `${path}.key`,
    async open(options = {}) {
      const store = await openStore({
        url: `sqlite://${path}`,
        logger: silentLogger,
        now: () => clock.now,
        ...options,
      });
      opened.push(store);
      return store;
    },
    async destroy() {
      await Promise.all(opened.map((store) => store.close()));
      await rm(directory, { recursive: true });
    },
  };
}
