// SPDX-License-Identifier: Apache-2.0
// What the daemon tidies up by itself, at its time and on one node.
import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { type MaintenanceSettings, purgeDeleted, startMaintenance } from '../../../src/operations/maintenance/index.js';
import { makeScheduledBackup } from '../../../src/operations/maintenance/scheduled-backup.js';
import { takeTurn } from '../../../src/operations/maintenance/turn.js';
import type { Store } from '../../../src/store/index.js';
import { silentLogger } from '../../../src/util/logger.js';
import { infrastructure } from '../../store/records.js';
import { createSqliteFixture, type SqliteFixture } from '../../store/sqlite-fixture.js';
import { until } from '../../support/waiting.js';

const DAY_MS = 86_400_000;
const EVERY_SECOND = '* * * * * *';

describe('maintenance', () => {
  const clock = { now: 0 };
  let fixture: SqliteFixture;
  let store: Store;
  let directory: string;

  beforeEach(async () => {
    clock.now = Date.UTC(2026, 10, 20, 3, 30);
    fixture = await createSqliteFixture(clock);
    store = await fixture.open();
    await store.migrate();
    directory = await mkdtemp(join(tmpdir(), 'im-maintenance-'));
  });

  afterEach(async () => {
    await fixture.destroy();
    await rm(directory, { recursive: true, force: true });
  });

  const start = (settings: Partial<MaintenanceSettings>, holder = 'node-1') =>
    startMaintenance({
      store,
      settings: { deletedRetentionDays: 0, ...settings },
      holder,
      logger: silentLogger,
      now: () => clock.now,
    });

  const destroyed = async (): Promise<string> => {
    const id = randomUUID();
    await store.commit([{ kind: 'insert-infrastructure', infrastructure: infrastructure(id) }]);
    await store.commit([{ kind: 'update-infrastructure', id, set: { isDeleted: true } }]);
    return id;
  };

  it('purges at the start what is past its retention', async () => {
    const old = await destroyed();
    clock.now += 20 * DAY_MS;
    const recent = await destroyed();
    clock.now += 11 * DAY_MS;
    const maintenance = start({ deletedRetentionDays: 30 });
    await until(async () => (await store.getHeader(old)) === undefined);
    await maintenance.stop();
    expect((await store.getHeader(recent))?.isDeleted).to.equal(true);
  });

  it('leaves alone what was imported again meanwhile, and goes on with the others', async () => {
    const [returning, gone] = [await destroyed(), await destroyed()];
    const slow: Store = {
      ...store,
      commit: async (changes, lease) => {
        const [change] = changes;
        if (change?.kind === 'purge-infrastructure' && change.id === returning) {
          await store.commit([change, { kind: 'insert-infrastructure', infrastructure: infrastructure(returning) }]);
        }
        await store.commit(changes, lease);
      },
    };
    const { purged } = await purgeDeleted(slow, { before: clock.now + DAY_MS });
    expect(purged.map(({ id }) => id)).to.deep.equal([gone]);
    expect((await store.getHeader(returning))?.isDeleted).to.equal(false);
    expect(await store.getHeader(gone)).to.equal(undefined);
  });

  it('keeps destroyed ones for ever with 0 days', async () => {
    const old = await destroyed();
    clock.now += 10_000 * DAY_MS;
    const turns: string[] = [];
    const watched: Store = { ...store, acquireLease: async (id) => void turns.push(id) };
    const settings = { deletedRetentionDays: 0 };
    const holder = 'node-1';
    await startMaintenance({ store: watched, settings, holder, logger: silentLogger, now: () => clock.now }).stop();
    expect(turns).to.deep.equal([]);
    await startMaintenance({
      store: watched,
      settings: { ...settings, deletedRetentionDays: 1 },
      holder,
      logger: silentLogger,
      now: () => clock.now,
    }).stop();
    expect(turns).to.deep.equal(['maintenance/purge']);
    expect((await store.getHeader(old))?.isDeleted).to.equal(true);
  });

  it('makes backups on schedule until it is stopped', async () => {
    const backup = { database: fixture.path, directory, keep: 3, schedule: EVERY_SECOND };
    const maintenance = start({ backup });
    await until(async () => (await readdir(directory)).some((name) => name.endsWith('.sqlite')));
    await maintenance.stop();
    expect(await readdir(directory)).to.deep.equal(['im-20261120T033000Z.sqlite']);
  });

  it('lets one node have the turn, also for those that come a little later', async () => {
    const signal = new AbortController().signal;
    const turn = (holder: string) =>
      takeTurn(store, 'maintenance/backup', { holder, turnMs: 50_000, signal }, async () => holder);
    expect(await turn('node-1')).to.equal('node-1');
    clock.now += 10_000;
    expect(await turn('node-2')).to.equal(undefined);
    clock.now += 50_000;
    expect(await turn('node-2')).to.equal('node-2');
  });

  it('calls the work off when the turn is lost', async () => {
    const signal = new AbortController().signal;
    const options = { holder: 'node-1', turnMs: 30, signal };
    let reason: unknown;
    await takeTurn(store, 'maintenance/purge', options, async (mine) => {
      clock.now += 1000;
      await until(async () => {
        await store.acquireLease('maintenance/purge', 'node-2', 60_000);
        return mine.aborted;
      });
      reason = mine.reason;
    });
    expect(String(reason)).to.contain('Another daemon has taken the turn over');
  });

  describe('backups in a directory', () => {
    const make = (keep: number) => makeScheduledBackup({ database: fixture.path, directory, keep }, clock.now);

    it('keep the newest and touch no other files', async () => {
      await writeFile(join(directory, 'im-notes.sqlite'), 'mine');
      await writeFile(join(directory, 'im-20200101T000000Z.sqlite.partial'), 'left by a crash');
      for (let day = 0; day < 4; day += 1) {
        await make(2);
        clock.now += DAY_MS;
      }
      expect((await readdir(directory)).sort()).to.deep.equal([
        'im-20261122T033000Z.sqlite',
        'im-20261123T033000Z.sqlite',
        'im-notes.sqlite',
      ]);
    });

    it('are for the user of the daemon alone, in a directory that is made', async () => {
      const inner = join(directory, 'a', 'b');
      await makeScheduledBackup({ database: fixture.path, directory: inner, keep: 1 }, clock.now);
      expect((await stat(inner)).mode & 0o777).to.equal(0o700);
      expect((await stat(join(inner, 'im-20261120T033000Z.sqlite'))).mode & 0o777).to.equal(0o600);
    });

    it('remove nothing when the new one cannot be made', async () => {
      await make(1);
      await mkdir(join(directory, 'im-20261121T033000Z.sqlite'));
      clock.now += DAY_MS;
      let failure: unknown;
      await make(1).catch((error: unknown) => {
        failure = error;
      });
      expect(String(failure)).to.contain('is there already');
      expect(await readdir(directory)).to.include('im-20261120T033000Z.sqlite');
    });
  });
});
