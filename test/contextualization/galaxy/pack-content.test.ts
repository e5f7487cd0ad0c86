// SPDX-License-Identifier: Apache-2.0
// Archives from strangers: what is taken from them and what is refused.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { packContent, roleNameOf } from '../../../src/contextualization/galaxy/pack-content.js';
import { compareVersions, keepsBounds, newestVersion } from '../../../src/contextualization/galaxy/versions.js';
import { packTar, readTar, type TarEntry } from '../../../src/ssh/index.js';
import { archiveOf, collectionFiles, sayingRole } from './support/galaxy.js';

const ROLE = { kind: 'role', source: 'user.role' } as const;
const file = (path: string, content = ''): TarEntry => ({ path, content, mode: 0o644 });
const tar = (...entries: readonly TarEntry[]): Buffer => packTar([file('r/meta/main.yml', '{}'), ...entries]);
/** Changes the name of the last member to one that no honest program writes. */
const renamed = (path: string, more: Partial<TarEntry> = {}): Buffer => {
  const archive = tar({ ...file('r/harmless', 'x'), ...more });
  const at = archive.lastIndexOf('r/harmless');
  const header = archive.subarray(at, at + 512);
  header.fill(0, 0, 100);
  header.write(path, 0);
  header.fill(' ', 148, 156);
  header.write(
    `${header
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, '0')}\0 `,
    148,
  );
  return archive;
};

describe('the content of an archive', () => {
  it('is the same whatever directory it was in, however it was compressed and in which order', () => {
    const files = sayingRole('x');
    const reversed = Object.fromEntries(Object.entries(files).reverse());
    const sums = [
      archiveOf(files),
      archiveOf(files, 'a-1.0/'),
      archiveOf(reversed, 'deep/er/'),
      packTar(Object.entries(files).map(([path, content]) => file(path, content))),
    ].map((archive) => packContent(ROLE, archive).sha256);
    expect(new Set(sums).size).to.equal(1);
  });

  it('is read from what GNU tar and git write: long names, links, programs', () => {
    const directory = mkdtempSync(join(tmpdir(), 'im-tar-'));
    const long = 'a-very-long-name-'.repeat(12);
    mkdirSync(join(directory, 'top/meta'), { recursive: true });
    writeFileSync(join(directory, 'top/meta/main.yml'), '{}');
    mkdirSync(join(directory, 'top', 'files', long), { recursive: true });
    writeFileSync(join(directory, 'top', 'files', 'run.sh'), 'echo\n', { mode: 0o755 });
    writeFileSync(join(directory, 'top', 'files', long, 'short'), 'deep');
    symlinkSync('run.sh', join(directory, 'top/files/link'));
    for (const format of ['gnu', 'pax', 'ustar', 'v7']) {
      if (format === 'ustar' || format === 'v7')
        rmSync(join(directory, 'top', 'files', long), { recursive: true, force: true });
      const bytes = execFileSync('tar', ['-C', directory, `--format=${format}`, '-czf', '-', 'top']);
      const members = new Map(readTar(packContent(ROLE, bytes).packed, 100).map((member) => [member.path, member]));
      expect(members.get('files/run.sh'), format).to.include({ mode: 0o755, kind: 'file' });
      expect(members.get('files/link'), format).to.include({ kind: 'link', linkTo: 'run.sh' });
      if (format === 'gnu' || format === 'pax') {
        expect(members.get(`files/${long}/short`)?.content.toString(), format).to.equal('deep');
      }
    }
    rmSync(directory, { recursive: true });
  });

  it('never leads out of its directory', () => {
    for (const path of ['../evil', '/etc/evil', 'r/../../evil', '..']) {
      expect(() => packContent(ROLE, renamed(path)), path).to.throw('leads out of its directory');
    }
    for (const linkTo of ['/etc/passwd', '../..', '../../other/file']) {
      expect(() => packContent(ROLE, tar({ path: 'r/link', linkTo, mode: 0o777 })), linkTo).to.throw('leads out');
    }
    const through = tar({ path: 'r/files', linkTo: 'meta', mode: 0o777 }, file('r/files/x', 'written through a link'));
    expect(() => packContent(ROLE, through)).to.throw('inside of something that is no directory');
    expect(() => packContent(ROLE, tar({ path: 'r/link', linkTo: 'meta/main.yml', mode: 0o777 }))).not.to.throw();
  });

  it('is refused when it is no archive, cut off, damaged, too large, or holds devices', () => {
    expect(() => packContent(ROLE, Buffer.from('<html>not found</html>'))).to.throw('no tar archive');
    expect(() => packContent(ROLE, gzipSync('x'.repeat(2000)))).to.throw('no tar archive');
    expect(() => packContent(ROLE, archiveOf(sayingRole('x')).subarray(0, 100))).to.throw('no tar archive');
    expect(() => packContent(ROLE, tar().subarray(0, 600))).to.throw('cut off');
    expect(() => packContent(ROLE, gzipSync(Buffer.alloc(200_000_000), { level: 1 }))).to.throw('larger than 128 MB');
    const device = tar();
    device[156] = '3'.charCodeAt(0);
    device.fill(' ', 148, 156);
    device.write(
      `${device
        .subarray(0, 512)
        .reduce((sum, byte) => sum + byte, 0)
        .toString(8)
        .padStart(6, '0')}\0 `,
      148,
    );
    expect(() => packContent(ROLE, device)).to.throw('neither a file nor a directory nor a link');
    const many = packTar(Array.from({ length: 20_001 }, (_, index) => file(`r/${index}`)));
    expect(() => packContent(ROLE, many)).to.throw('more than 20000 files');
  });

  it('must be what was asked for', () => {
    expect(() => packContent(ROLE, packTar([file('README.md')]))).to.throw('There is no Ansible role in it');
    const collection = { kind: 'collection', source: 'ns.other' } as const;
    const archive = archiveOf(collectionFiles('ns.coll', '1.0.0'));
    expect(() => packContent(collection, archive)).to.throw('The archive holds the collection "ns.coll"');
    expect(() => packContent({ ...ROLE, source: 'https://host/.tar.gz' }, archiveOf(sayingRole('x')))).to.throw(
      'name of a role',
    );
    expect(() => packContent({ ...ROLE, name: '../evil' }, archiveOf(sayingRole('x')))).to.throw('name of a role');
    expect(() => packContent(ROLE, packTar([file('meta/main.yml', '- [unclosed')]))).to.throw(
      'meta/main.yml cannot be read',
    );
  });
});

describe('names and versions', () => {
  it('names a role after its source', () => {
    expect(roleNameOf('user.role')).to.equal('user.role');
    expect(roleNameOf('https://host/a/role-x.tar.gz?token=1')).to.equal('role-x');
    expect(roleNameOf('git+https://host/a/role-x.git')).to.equal('role-x');
  });

  it('orders versions by value, before a release comes what leads to it', () => {
    const sorted = ['1.0.0-beta', '1.0.0', 'v1.0.1', '1.2', '1.10.0', '2.0.0-rc1', '2.0.0-rc2', '2.0.0'];
    expect([...sorted].reverse().sort(compareVersions)).to.deep.equal(sorted);
    expect(compareVersions('1.0', 'v1.0.0')).to.equal(0);
    expect(compareVersions('1.0', '1.0.0.1')).to.be.lessThan(0);
  });

  it('keeps bounds', () => {
    expect(keepsBounds('1.5.0', '>=1.0.0,<2.0.0')).to.equal(true);
    expect(keepsBounds('2.0.0', '>=1.0.0, <2.0.0')).to.equal(false);
    expect(keepsBounds('1.5.0', '!=1.5.0')).to.equal(false);
    expect(keepsBounds('1.5.0', '*')).to.equal(true);
    expect(keepsBounds('1.5.0', '~=1.0')).to.equal(false);
    expect(newestVersion(['1.0.0', '2.0.0-rc1'])).to.equal('1.0.0');
    expect(newestVersion(['1.0.0', '2.0.0-rc1'], '==2.0.0-rc1')).to.equal('2.0.0-rc1');
    expect(newestVersion([])).to.equal(undefined);
  });
});
