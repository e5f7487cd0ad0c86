// SPDX-License-Identifier: Apache-2.0
// im-admin purge, and the reference's command for it.
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { parseDay } from '../../src/admin/day.js';
import { infrastructure, resource } from '../store/records.js';
import { AdminHouse } from './admin-house.js';

const SCRIPT = fileURLToPath(new URL('../../scripts/delete_old_infs.ts', import.meta.url));

describe('im-admin purge', () => {
  let house: AdminHouse;
  const [living, recent, old, leaking] = [randomUUID(), randomUUID(), randomUUID(), randomUUID()];

  beforeEach(async () => {
    house = await AdminHouse.make();
    const store = await house.open();
    const today = house.now;
    house.now = new Date(2026, 0, 31, 23, 59).getTime();
    for (const id of [living, old, leaking]) {
      await store.commit([{ kind: 'insert-infrastructure', infrastructure: infrastructure(id) }]);
    }
    await store.commit([
      { kind: 'insert-resource', resource: resource('lost', leaking, { state: 'abandoned', providerId: 'i-1' }) },
      { kind: 'update-infrastructure', id: leaking, set: { isDeleted: true } },
    ]);
    await store.commit([{ kind: 'update-infrastructure', id: old, set: { isDeleted: true } }]);
    house.now = new Date(2026, 1, 1).getTime();
    await store.commit([{ kind: 'insert-infrastructure', infrastructure: infrastructure(recent) }]);
    await store.commit([{ kind: 'update-infrastructure', id: recent, set: { isDeleted: true } }]);
    house.now = today;
  });

  afterEach(() => house.demolish());

  const known = async (): Promise<readonly string[]> =>
    (await (await house.open()).listStatistics({})).map(({ id }) => id);

  it('removes what was destroyed before the day, and nothing that lives or leaks', async () => {
    const { status, out } = await house.run('purge', '2026-02-01', '--json');
    expect(status).to.equal(0);
    expect(JSON.parse(out[0] ?? '')).to.deep.equal({ isDryRun: false, purged: [old], kept: [leaking] });
    expect(await known()).to.have.members([living, recent, leaking]);
    expect((await house.run('purge', '2026/02/02')).text).to.contain('Removed 1 destroyed infrastructure; 1 kept');
  });

  it('only tells in a dry run', async () => {
    expect((await house.run('purge', '--dry-run', '2027-01-01')).text).to.contain('Would remove 2 destroyed');
    expect(await known()).to.have.length(4);
  });

  it('takes days of the calendar only', () => {
    expect(parseDay('2024-02-29')).to.equal(new Date(2024, 1, 29).getTime());
    for (const wrong of ['', '2026-2-1', '2026-02-30', '2026-13-01', '2026-01/02', '01-02-2026', 'yesterday']) {
      expect(() => parseDay(wrong), wrong).to.throw('Incorrect date format (YYYY-MM-DD).');
    }
  });

  const script = (...args: readonly string[]) =>
    new Promise<{ readonly code: number; readonly stdout: string }>((resolve) => {
      const all = ['--import', 'tsx', SCRIPT, '--config', house.path('im.cfg'), ...args];
      execFile(process.execPath, all, { timeout: 60_000 }, (error, stdout) =>
        resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout }),
      );
    });

  it('goes by its old name with its old texts', async function () {
    this.timeout(60_000);
    expect(await script()).to.deep.equal({ code: 1, stdout: 'No Date specified.\n' });
    expect(await script('soon')).to.deep.equal({ code: 1, stdout: 'Incorrect date format (YYYY-MM-DD).\n' });
    const { code, stdout } = await script('2026-02-01');
    expect(stdout).to.match(/^Deleting old data from DB: sqlite:\/\/.*inf\.dat\.\n1 infrastructures deleted\.\n$/);
    expect(code).to.equal(0);
    expect(await known()).to.have.members([living, recent, leaking]);
  });
});
