// SPDX-License-Identifier: Apache-2.0
// What daemons tidy up by themselves, with real schedules: two of them on one database, each run done by one, nothing removed that is wanted.
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { copyFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { openStore, type Store } from '../../src/store/index.js';
import { silentLogger } from '../../src/util/logger.js';
import { infrastructure, resource } from '../store/records.js';
import { authorizationOf, type Options, RestUser, TestDaemon, userLine } from '../support/daemon.js';
import { daemonBundle } from '../support/daemon-bundle.js';
import { mariaDbProblem, startMariaDb } from '../support/databases/mariadb-server.js';
import { sharedServer } from '../support/databases/shared-server.js';
import { until } from '../support/waiting.js';

const DAEMON = daemonBundle('test/support/scheduled-daemon.ts', 'scheduled-daemon');
const AUTHORIZATION = authorizationOf(userLine('alice'), 'id = dummy; type = Dummy');
const PAIR =
  "system node (\n  cpu.count >= 1 and\n  disk.0.image.url = 'dummy://image'\n)\ncontextualize ()\ndeploy node 2\n";
const DAY_MS = 86_400_000;
const KEEP = 2;

const mariaDb = sharedServer('MariaDB', mariaDbProblem, startMariaDb);

describe('What daemons do by schedule', () => {
  let daemons: TestDaemon[];

  before(async function () {
    this.timeout(60_000);
    await DAEMON.make();
  });

  beforeEach(() => {
    daemons = [];
  });

  afterEach(() => Promise.all(daemons.map((daemon) => daemon.remove())));

  /** Two daemons of one database and key: those of the first one, or what the options say. */
  async function startTwo(options: (first: TestDaemon) => Options): Promise<readonly TestDaemon[]> {
    for (const name of ['one', 'two']) {
      const daemon = await TestDaemon.prepare({}, DAEMON.file);
      daemons.push(daemon);
      const first = daemons[0] ?? daemon;
      await daemon.configure({ SECRETS_KEY_FILE: join(first.directory, 'key'), NODE_NAME: name, ...options(first) });
    }
    // The key is made by the first one.
    for (const daemon of daemons) await daemon.start();
    return daemons;
  }

  /** Lines of a daemon's log that say something. */
  const saying = (daemon: TestDaemon, text: string): readonly string[] =>
    daemon
      .log()
      .split('\n')
      .filter((line) => line.includes(text));

  it('backups: one daemon makes each, the newest are kept, and one made during writes restores completely', async function () {
    this.timeout(240_000);
    const [one, two] = await startTwo((first) => ({
      DATA_DB: `sqlite://${first.database}`,
      BACKUP_DIR: join(first.directory, 'backups'),
      BACKUP_KEEP: KEEP,
    }));
    const directory = join(one!.directory, 'backups');
    const complete = () => daemons.map((daemon) => saying(daemon, 'is complete;').length);

    // Both take calls all the while. An answer is written down with its time.
    const created: { readonly id: string; readonly at: number }[] = [];
    let isEnough = false;
    const writers = [one!, two!].map(async (daemon) => {
      const user = new RestUser(daemon.baseUrl, AUTHORIZATION);
      while (!isEnough) created.push({ id: await user.create(PAIR), at: Date.now() });
    });
    await until(() => Math.max(...complete()) > KEEP + 2 && created.length > 10, 'backups to be made', 120_000);
    isEnough = true;
    await Promise.all(writers);
    expect(Math.min(...complete()), 'the other daemon made backups too').to.equal(0);
    for (const daemon of daemons) expect((await daemon.stop()).code).to.equal(0);

    const names = (await readdir(directory)).sort();
    expect(names).to.have.length(KEEP);
    for (const name of names) expect(name).to.match(/^im-\d{8}T\d{6}Z\.sqlite$/);
    const lines = daemons.flatMap((daemon) => saying(daemon, 'is complete;'));
    expect(new Set(lines.map((line) => /Backup (\S+)/.exec(line)?.[1])).size).to.equal(lines.length);

    // Into the place of a database that has lost everything.
    const backup = join(directory, names.at(-1) ?? '');
    await copyFile(join(one!.directory, 'key'), join(two!.directory, 'key'));
    await two!.configure({ SECRETS_KEY_FILE: join(two!.directory, 'key') });
    const restored = await promisify(execFile)(process.execPath, [
      'bin/im-admin',
      '--config',
      two!.configFile,
      'restore',
      backup,
    ]);
    expect(restored.stdout).to.match(/\d+ living infrastructures?/);
    await two!.start();
    const alice = new RestUser(two!.baseUrl, AUTHORIZATION);
    const listed = new Set(
      (await alice.get('/infrastructures')).text
        .trim()
        .split('\n')
        .map((uri) => uri.slice(-36)),
    );
    const [, moment = ''] = /im-(\d{8}T\d{6}Z)/.exec(backup) ?? [];
    const madeAt = Date.parse(moment.replace(/^(....)(..)(..T..)(..)(..Z)$/, '$1-$2-$3:$4:$5'));
    const before = created.filter(({ at }) => at < madeAt);
    expect(before.length, 'nothing was created before the backup').to.be.greaterThan(0);
    expect(before.filter(({ id }) => !listed.has(id))).to.deep.equal([]);
    // Also those of which the backup caught a half: work that was under way goes on.
    for (const id of listed) {
      const { vms } = await alice.reaches(id, 'configured');
      expect(Object.keys(vms), id).to.deep.equal(['0', '1']);
    }
  });

  it('retention: one daemon removes what is due, at its start and by schedule, and nothing else', async function () {
    const server = await mariaDb.need(this);
    this.timeout(240_000);
    const url = server.url('im_retention');
    const key = await TestDaemon.prepare();
    const keyFile = join(key.directory, 'key');
    const store = await openStore({ url, keyFile, logger: silentLogger, now: Date.now });
    try {
      await store.migrate();
      const seed = seedOf(store);
      const living = await seed(40, { isDeleted: false });
      const recent = await seed(20, { isDeleted: true });
      const holding = await seed(40, { isDeleted: true, isHolding: true });
      const due = [await seed(40, { isDeleted: true }), await seed(31, { isDeleted: true })];
      const isGone = async (ids: readonly string[]): Promise<boolean> =>
        (await Promise.all(ids.map((id) => store.getHeader(id)))).every((header) => header === undefined);

      await startTwo(() => ({ DATA_DB: url, SECRETS_KEY_FILE: keyFile, DELETED_RETENTION_DAYS: 30 }));
      await until(() => isGone(due), 'what is due at the start to be purged', 60_000);
      const later = [await seed(40, { isDeleted: true }), await seed(400, { isDeleted: true })];
      await until(() => isGone(later), 'what is due later to be purged', 60_000);

      for (const id of [...due, ...later]) {
        const tellers = daemons.filter((daemon) => saying(daemon, id).length > 0);
        expect(tellers, `${id} was purged by`).to.have.length(1);
        expect(saying(tellers[0]!, id)).to.have.length(1);
      }
      for (const id of [living, recent, holding]) expect(await store.getHeader(id), id).to.not.equal(undefined);
      expect((await store.getHeader(living))?.isDeleted).to.equal(false);
    } finally {
      await store.close();
      await key.remove();
    }
  });
});

/** Writes infrastructures whose last change was days ago; `isHolding`: something of it may still be at its provider. */
function seedOf(store: Store) {
  return async (
    daysAgo: number,
    { isDeleted, isHolding = false }: { readonly isDeleted: boolean; readonly isHolding?: boolean },
  ): Promise<string> => {
    const id = randomUUID();
    const updatedAt = Date.now() - daysAgo * DAY_MS;
    const left = resource(randomUUID(), id, { state: 'abandoned', providerId: 'net-1' });
    await store.commit([
      { kind: 'insert-infrastructure', infrastructure: infrastructure(id, { isDeleted }), updatedAt },
      ...(isHolding ? [{ kind: 'insert-resource' as const, resource: left }] : []),
    ]);
    return id;
  };
}
