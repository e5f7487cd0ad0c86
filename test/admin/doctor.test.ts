// SPDX-License-Identifier: Apache-2.0
// im-admin doctor: finds what is wrong, says how to mend it, and changes nothing.
import { createHash } from 'node:crypto';
import { chmod, mkdir, readdir, unlink, utimes, writeFile } from 'node:fs/promises';
import { expect } from 'chai';
import { judgeSpace } from '../../src/admin/doctor/disks.js';
import { checkNode } from '../../src/admin/doctor/programs.js';
import { Sqlite } from '../../src/store/sql/sqlite-driver.js';
import { copyDatabase, rowsOf } from '../store/reference/fixtures.js';
import { AdminHouse } from './admin-house.js';

interface Finding {
  readonly status: string;
  readonly subject: string;
  readonly message: string;
  readonly remedy?: string;
}

describe('im-admin doctor', () => {
  let house: AdminHouse;

  beforeEach(async () => {
    house = await AdminHouse.make();
    await house.configure({ RUNTIME_BUNDLE_DIR: house.path('runtime') });
    house.now = Date.now();
    await mkdir(house.path('runtime'));
    await bundle('content', createHash('sha256').update('content').digest('hex'));
  });

  afterEach(() => house.demolish());

  const bundle = async (content: string, sha256: string): Promise<void> => {
    await writeFile(house.path('runtime/bundle.tar.gz'), content);
    const described = {
      file: 'bundle.tar.gz',
      sha256,
      bytes: content.length,
      ansibleCore: '2.14.18',
      python: { min: '3.9', max: '3.11' },
      collections: [],
    };
    await writeFile(house.path('runtime/manifest.json'), JSON.stringify({ format: 1, bundles: [described] }));
  };

  const examine = async (): Promise<{ readonly status: number; readonly findings: readonly Finding[] }> => {
    const { status, out } = await house.run('doctor', '--json');
    return { status, findings: JSON.parse(out[0] ?? '') };
  };

  const about = async (subject: string): Promise<readonly Finding[]> =>
    (await examine()).findings.filter((finding) => finding.subject === subject);

  it('is content with a house in order, and makes nothing', async () => {
    await house.open();
    await house.closeStores();
    const files = await readdir(house.directory);
    const { findings } = await examine();
    for (const subject of ['configuration', 'permissions', 'key', 'database', 'Ansible runtime', 'disk']) {
      const found = findings.filter((finding) => finding.subject === subject);
      expect(
        found.map(({ status }) => status),
        subject,
      ).to.deep.equal(['ok']);
    }
    expect(await readdir(house.directory)).to.deep.equal(files);
    expect((await house.run('doctor')).text).to.contain('ok    database: ');
  });

  it('makes no database and no key where there are none yet', async () => {
    expect((await about('database'))[0]).to.include({ status: 'warning' });
    expect((await about('key'))[0]).to.include({ status: 'ok' });
    expect(await readdir(house.directory)).to.have.members(['im.cfg', 'runtime']);
  });

  it('reports every problem of a configuration that cannot be used', async () => {
    await house.configure({ REST_PORT: 'many', LEASE_SECONDS: 'few' });
    const { status, findings } = await examine();
    expect(status).to.equal(1);
    expect(findings).to.have.length(1);
    expect(findings[0]?.message).to.contain('REST_PORT').and.to.contain('LEASE_SECONDS');
  });

  it('finds a key that is missing, open to others, or another one', async () => {
    await house.open();
    await house.closeStores();
    await chmod(house.keyFile, 0o644);
    expect((await about('key'))[0]?.message).to.contain('chmod 600');
    await unlink(house.keyFile);
    expect((await about('key'))[0]).to.include({ status: 'warning' });
    await writeFile(house.keyFile, Buffer.alloc(32, 7), { mode: 0o600 });
    expect((await about('database'))[0]?.message).to.contain('sealed with the key');
    expect((await examine()).status).to.equal(1);
  });

  it('finds a database that is damaged or open to others', async () => {
    await house.open();
    await house.closeStores();
    await chmod(house.database, 0o644);
    expect((await about('permissions'))[0]?.remedy).to.contain('chmod 600');
    await writeFile(house.database, 'not a database, but long enough to look at');
    expect((await about('database'))[0]).to.include({ status: 'error' });
  });

  it('knows a database of grycap/im, and after the first start names what could not be taken over', async () => {
    await copyDatabase('2.0.0', house.database);
    expect(await about('database')).to.deep.equal([
      {
        status: 'ok',
        subject: 'database',
        message: `${house.database} is a database of grycap/im: the first start takes its infrastructures over`,
      },
    ]);
    const [damaged] = rowsOf('2.0.0');
    const change = (data: string): void => {
      const database = new Sqlite(house.database);
      database.prepare('UPDATE inf_list SET data = ? WHERE id = ?').run(data, damaged!.id);
      database.close();
    };
    change('{"damaged-secret');
    await house.open();
    await house.closeStores();
    const [fine, left, ...others] = await about('database');
    expect(fine?.status).to.equal('ok');
    expect(left).to.include({ status: 'warning' });
    expect(left?.message).to.contain(`infrastructure ${damaged!.id} of grycap/im was not taken over: `);
    expect(left?.message).not.to.contain('damaged-secret');
    expect(left?.remedy).to.contain('inf_list');
    expect(others).to.deep.equal([]);

    change(damaged!.data);
    await house.open();
    await house.closeStores();
    expect((await about('database')).map(({ status }) => status)).to.deep.equal(['ok']);
  });

  it('finds secrets in files that every user can read', async () => {
    await house.configure({ ADMIN_USER: '{"username": "a", "password": "b"}' });
    await chmod(house.path('im.cfg'), 0o644);
    const [finding] = await about('permissions');
    expect(finding).to.include({ status: 'warning', remedy: `chmod o-rwx ${house.path('im.cfg')}` });
  });

  it('finds a runtime that is missing or damaged', async () => {
    await bundle('other content', '0'.repeat(64));
    expect((await about('Ansible runtime'))[0]?.message).to.contain('is damaged');
    await unlink(house.path('runtime/manifest.json'));
    expect((await about('Ansible runtime'))[0]?.message).to.contain('is missing');
  });

  it('finds a clock that is behind what was written', async () => {
    await house.open();
    await house.closeStores();
    await utimes(house.database, new Date(), new Date(house.now + 3_600_000));
    expect((await about('clock'))[0]).to.include({ status: 'error' });
  });

  it('judges space, files and the version of Node', () => {
    const gibibyte = 1024 ** 3;
    expect(judgeSpace('/d', 50 * 1024 ** 2, undefined).status).to.equal('error');
    expect(judgeSpace('/d', gibibyte / 2, undefined).status).to.equal('warning');
    expect(judgeSpace('/d', 5 * gibibyte, 10).status).to.equal('warning');
    expect(judgeSpace('/d', 5 * gibibyte, 5000).status).to.equal('ok');
    expect(['20.18.3', '18.20.0', '20.19.0', '22.1.0'].map((version) => checkNode(version).status)).to.deep.equal([
      'error',
      'error',
      'ok',
      'ok',
    ]);
  });
});
