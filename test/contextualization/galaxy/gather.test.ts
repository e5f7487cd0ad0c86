// SPDX-License-Identifier: Apache-2.0
// Roles and collections in every documented form, from servers of our own over real HTTP and git (contextualization.md §7).
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { expect } from 'chai';
import type { ContentRequest } from '../../../src/contextualization/galaxy/content.js';
import { createContentCache } from '../../../src/contextualization/galaxy/content-cache.js';
import { type GatheredContent, type GatherTools, gatherContent } from '../../../src/contextualization/galaxy/gather.js';
import type { JsonObject } from '../../../src/domain/index.js';
import { createFetcher } from '../../../src/fetch/index.js';
import { readTar } from '../../../src/ssh/index.js';
import { requireAnsible } from '../runner/support/world.js';
import { archiveOf, collectionFiles, type Galaxy, sayingRole, startGalaxy } from './support/galaxy.js';

const run = promisify(execFile);

describe('gathering roles and collections', function () {
  this.timeout(60_000);
  let galaxy: Galaxy;
  let directory: string;
  const failures: unknown[] = [];

  beforeEach(async () => {
    galaxy = await startGalaxy();
    directory = mkdtempSync(join(tmpdir(), 'im-gather-'));
    failures.length = 0;
  });
  afterEach(async () => {
    await galaxy.close();
    rmSync(directory, { recursive: true });
  });

  const gather = (
    requests: readonly ContentRequest[],
    pins: JsonObject = {},
    refresh = false,
    changes: Partial<GatherTools> = {},
  ): Promise<GatheredContent> =>
    gatherContent(requests, pins, refresh, {
      source: galaxy.fetcher,
      cache: createContentCache(join(directory, 'cache')),
      timeoutMs: 20_000,
      attempts: 1,
      pauseMs: () => 0,
      signal: new AbortController().signal,
      onCacheFailure: (error) => failures.push(error),
      ...changes,
    });
  const role = (source: string, more: Partial<ContentRequest> = {}): ContentRequest => ({
    kind: 'role',
    source,
    ...more,
  });
  const collection = (source: string, version?: string): ContentRequest => ({
    kind: 'collection',
    source,
    ...(version !== undefined && { version }),
  });
  const pathsOf = ({ packages }: GatheredContent): readonly string[] => packages.map(({ path }) => path);
  const failureOf = (work: Promise<unknown>): Promise<string> =>
    work.then(
      () => 'it did not fail',
      (error: Error) => error.message,
    );
  /** What the first package says in its tasks. */
  const saidBy = async ({ packages: [first] }: GatheredContent): Promise<string | undefined> => {
    const files = readTar(gunzipSync((await first?.load()) ?? Buffer.alloc(0)), 1000);
    const tasks = files.find(({ path }) => path.endsWith('tasks/main.yml'))?.content.toString() ?? '';
    return /says ([^"]*)/.exec(tasks)?.[1];
  };
  const gitUrl = (name: string): string => `http://127.0.0.1:${galaxy.port}/git/${name}`;

  it('takes the newest version of a role of Galaxy, or the one asked for, or its branch', async () => {
    galaxy.roles.set('user.role', { v1: sayingRole('one'), 'v1.10': sayingRole('ten'), 'v1.9': sayingRole('nine') });
    galaxy.roles.set('user.fresh', { main: sayingRole('main') });
    expect(await saidBy(await gather([role('user.role')]))).to.equal('ten');
    expect(await saidBy(await gather([role('user.role', { version: 'v1' })]))).to.equal('one');
    const fresh = await gather([role('user.fresh', { name: 'mine' })]);
    expect(await saidBy(fresh)).to.equal('main');
    expect(pathsOf(fresh)).to.deep.equal(['roles/mine']);
    expect(pathsOf(await gather([role('user.role')]))).to.deep.equal(['roles/user.role']);
  });

  it('takes archives of any server, named after the URL or as the document says', async () => {
    galaxy.files.set('/x/some.tar.gz', archiveOf(sayingRole('archive'), 'some-1.0/'));
    const url = `http://127.0.0.1:${galaxy.port}/x/some.tar.gz`;
    expect(pathsOf(await gather([role(url)]))).to.deep.equal(['roles/some']);
    const named = await gather([role(url, { name: 'other' })]);
    expect(pathsOf(named)).to.deep.equal(['roles/other']);
    expect(await saidBy(named)).to.equal('archive');
  });

  it('takes tags, branches and commits of git repositories, with the name (which the reference loses, X13)', async () => {
    const first = galaxy.commit('r', sayingRole('first'), 'v1');
    galaxy.commit('r', sayingRole('second'));
    const said = async (version?: string): Promise<string | undefined> =>
      saidBy(await gather([role(`git+${gitUrl('r')}`, { name: 'n', ...(version && { version }) })]));
    expect(await said()).to.equal('second');
    expect(await said('v1')).to.equal('first');
    expect(await said('main')).to.equal('second');
    expect(await said(first)).to.equal('first');
    expect(await said(first.slice(0, 10))).to.equal('first');
    const both = await gather([role(`git+${gitUrl('r')}`, { version: 'v1', name: 'n' })]);
    expect(pathsOf(both)).to.deep.equal(['roles/n']);
    expect(await failureOf(said('v7'))).to.contain('The repository has no tag, branch or commit v7.');
    expect(pathsOf(await gather([role(`git+${gitUrl('r')}`)]))).to.deep.equal(['roles/r']);
  });

  it('takes the newest version of a collection that is no pre-release, or the one asked for, with what it needs', async () => {
    galaxy.collections.set('ns.coll', {
      '1.0.0': collectionFiles('ns.coll', '1.0.0'),
      '1.10.0': collectionFiles('ns.coll', '1.10.0', { 'ns.base': '>=1.0.0,<2.0.0' }),
      '1.9.0': collectionFiles('ns.coll', '1.9.0'),
      '2.0.0-rc1': collectionFiles('ns.coll', '2.0.0-rc1'),
    });
    galaxy.collections.set('ns.base', {
      '1.4.0': collectionFiles('ns.base', '1.4.0'),
      '2.0.0': collectionFiles('ns.base', '2.0.0'),
    });
    const newest = await gather([collection('ns.coll')]);
    expect(pathsOf(newest)).to.deep.equal([
      'collections/ansible_collections/ns/coll',
      'collections/ansible_collections/ns/base',
    ]);
    expect(await saidBy(newest))
      .to.match(/^\{\{|^\{/)
      .and.to.contain('shout');
    expect(galaxy.requests)
      .to.include('/download/ns.coll/1.10.0.tar.gz')
      .and.to.include('/download/ns.base/1.4.0.tar.gz');
    await gather([collection('ns.coll', '1.0.0')]);
    expect(galaxy.requests).to.include('/download/ns.coll/1.0.0.tar.gz');
    await gather([collection('ns.coll', '2.0.0-rc1')]);
    expect(galaxy.requests).to.include('/download/ns.coll/2.0.0-rc1.tar.gz');
    expect(await failureOf(gather([collection('ns.none')]))).to.equal(
      'The Ansible collection ns.none cannot be installed: Ansible Galaxy has no version of it.',
    );
    expect(await failureOf(gather([collection('ns.coll', '>=3')]))).to.contain('has no version of it with >=3');
  });

  it('installs the roles that a role needs, not those that are local to its users', async () => {
    galaxy.commit('dep', sayingRole('dep'), 'v2');
    galaxy.roles.set('user.needed', { v1: sayingRole('needed', ['user.main']) });
    galaxy.roles.set('user.main', {
      v1: sayingRole('main', [
        'local_one',
        { role: 'user.needed', become: true },
        { src: gitUrl('dep'), scm: 'git', version: 'v2', name: 'renamed' },
      ]),
    });
    const found = await gather([role('user.main')]);
    expect(pathsOf(found)).to.deep.equal(['roles/user.main', 'roles/user.needed', 'roles/renamed']);
  });

  it('uses the same content again without asking anybody, until it is to be refreshed', async () => {
    galaxy.roles.set('user.role', { main: sayingRole('before', ['user.needed']) });
    galaxy.roles.set('user.needed', { main: sayingRole('needed') });
    const first = await gather([role('user.role')]);
    galaxy.roles.set('user.role', { main: sayingRole('after') });
    galaxy.requests.length = 0;

    const again = await gather([role('user.role')], first.pins);
    expect(await saidBy(again)).to.equal('before');
    expect(pathsOf(again)).to.deep.equal(['roles/user.role', 'roles/user.needed']);
    expect(again.pins).to.deep.equal(first.pins);
    expect(galaxy.requests).to.deep.equal([]);

    const refreshed = await gather([role('user.role')], first.pins, true);
    expect(await saidBy(refreshed)).to.equal('after');
    expect(refreshed.notes).to.have.length(1);
    expect(refreshed.notes[0]).to.match(
      /^Galaxy role user\.role has changed: SHA-256 \w{12}\.\.\. is now \w{12}\.\.\.$/,
    );
    expect(Object.keys(refreshed.pins)).to.have.length(1);
  });

  it('refuses another content than that of the first use when its own copy is lost', async () => {
    galaxy.commit('r', sayingRole('first'), 'v1');
    const request = role(`git+${gitUrl('r')}`, { version: 'main' });
    const first = await gather([request]);
    rmSync(join(directory, 'cache'), { recursive: true });
    expect(await saidBy(await gather([request], first.pins))).to.equal('first');
    rmSync(join(directory, 'cache'), { recursive: true });
    galaxy.commit('r', sayingRole('changed'));
    const again = await gather([request], first.pins);
    expect(await failureOf(saidBy(again))).to.match(
      /has changed since this infrastructure used it first .*: reconfigure/,
    );
  });

  it('does not use a damaged copy, and does without a place for copies', async () => {
    galaxy.roles.set('user.role', { main: sayingRole('text') });
    const first = await gather([role('user.role')]);
    const [name = ''] = readdirSync(join(directory, 'cache'));
    writeFileSync(join(directory, 'cache', name), 'damaged');
    expect(await saidBy(await gather([role('user.role')], first.pins))).to.equal('text');
    expect(readFileSync(join(directory, 'cache', name)).length).to.be.greaterThan(100);

    writeFileSync(join(directory, 'file'), '');
    const cache = createContentCache(join(directory, 'file', 'cache'));
    const without = await gather([role('user.role')], {}, false, { cache });
    expect(pathsOf(without)).to.deep.equal(['roles/user.role']);
    expect(failures).to.have.length(1);
  });

  it('keeps the copies that were used last when there are too many', async () => {
    const cache = createContentCache(join(directory, 'small'), 800);
    for (const text of ['a', 'b', 'c', 'd', 'e', 'f']) {
      galaxy.roles.set('user.role', { main: sayingRole(text) });
      await gather([role('user.role')], {}, false, { cache });
    }
    const names = readdirSync(join(directory, 'small'));
    expect(names.length).to.be.greaterThan(0).and.to.be.lessThan(6);
  });

  it('tells what cannot be had, and never shows passwords of URLs', async () => {
    expect(await failureOf(gather([role('user.unknown')]))).to.equal(
      'The Ansible role user.unknown cannot be installed: Ansible Galaxy does not know it: write it as "user.role".',
    );
    const secret = await failureOf(gather([role(`http://me:hidden@127.0.0.1:${galaxy.port}/none.tar.gz`)]));
    expect(secret).to.contain('Not Found').and.not.to.contain('hidden');
    const inGit = await failureOf(gather([role(`git+http://me:hidden@127.0.0.1:${galaxy.port}/git/none`)]));
    expect(inGit).to.contain('cannot be installed: git: ').and.not.to.contain('hidden');
    for (const source of ['file:///etc', 'git+file:///etc', 'git+ssh://host/x', 'git@host:x', 'ftp://host/x.tar.gz']) {
      expect(await failureOf(gather([role(source)])), source).to.contain('from http and https URLs only');
    }
  });

  it('does not let documents reach what is not public: neither by archive nor by git nor by redirect', async () => {
    const guarded = createFetcher({ allowedNets: [], mirrors: [], retries: 0, now: Date.now });
    galaxy.commit('r', sayingRole('x'));
    galaxy.files.set('/x.tar.gz', archiveOf(sayingRole('x')));
    galaxy.requests.length = 0;
    for (const source of [
      `http://127.0.0.1:${galaxy.port}/x.tar.gz`,
      `http://localhost:${galaxy.port}/x.tar.gz`,
      `git+${gitUrl('r')}`,
      `git+http://localhost:${galaxy.port}/git/r`,
    ]) {
      const message = await failureOf(gather([role(source)], {}, false, { source: guarded }));
      expect(message, source).to.contain('is not public; FETCH_ALLOWED_NETS can allow it');
    }
    expect(galaxy.requests).to.deep.equal([]);
    await guarded.close();

    const half = createFetcher({ allowedNets: ['127.0.0.1/32'], mirrors: [], retries: 0, now: Date.now });
    galaxy.redirects.set('/moved.tar.gz', `http://127.0.0.2:${galaxy.port}/x.tar.gz`);
    galaxy.redirects.set('/git/moved/info/refs', `http://127.0.0.2:${galaxy.port}/git/r/info/refs`);
    const moved = await failureOf(
      gather([role(`http://127.0.0.1:${galaxy.port}/moved.tar.gz`)], {}, false, { source: half }),
    );
    expect(moved).to.contain('is not public');
    expect(await failureOf(gather([role(`git+${gitUrl('moved')}`)], {}, false, { source: half }))).to.contain('git: ');
    expect(galaxy.requests).to.include('/moved.tar.gz').and.not.to.include('/x.tar.gz');
    expect(galaxy.requests).to.include('/git/moved/info/refs').and.not.to.include('/git/r/info/refs');
    await half.close();
  });

  it('tries again what may pass by itself, and ends when it is cancelled', async () => {
    galaxy.roles.set('user.role', { main: sayingRole('text') });
    let asked = 0;
    const failing = (what: (asked: number) => void): GatherTools['source'] => ({
      locate: galaxy.fetcher.locate,
      fetchBytes: async (url, limits) => {
        asked += 1;
        what(asked);
        return galaxy.fetcher.fetchBytes(url, limits);
      },
    });
    const busyAtFirst = failing((count) => {
      if (count < 3) throw Object.assign(new Error('busy'), { isTransient: true });
    });
    expect(await saidBy(await gather([role('user.role')], {}, false, { source: busyAtFirst, attempts: 3 }))).to.equal(
      'text',
    );
    const busy = failing(() => {
      throw Object.assign(new Error('busy'), { isTransient: true });
    });
    asked = 0;
    expect(await failureOf(gather([role('user.role')], {}, false, { source: busy, attempts: 3 }))).to.contain(': busy');
    expect(asked).to.equal(3);

    asked = 0;
    const controller = new AbortController();
    const cancelling = failing(() => {
      controller.abort(new Error('cancelled by the test'));
      throw Object.assign(new Error('busy'), { isTransient: true });
    });
    const cancelled = gather([role('user.role')], {}, false, {
      source: cancelling,
      attempts: 3,
      signal: controller.signal,
    });
    expect(await failureOf(cancelled)).to.equal('cancelled by the test');
    expect(asked).to.equal(1);
  });

  it('was tested with servers whose answers the real ansible-galaxy accepts', function () {
    requireAnsible(this);
    galaxy.collections.set('ns.coll', {
      '1.0.0': collectionFiles('ns.coll', '1.0.0'),
      '1.10.0': collectionFiles('ns.coll', '1.10.0', { 'ns.base': '>=1.0.0,<2.0.0' }),
    });
    galaxy.collections.set('ns.base', { '1.4.0': collectionFiles('ns.base', '1.4.0') });
    galaxy.roles.set('user.role', { v1: sayingRole('one') });
    expect(existsSync('/usr/bin/ansible-galaxy')).to.equal(true);
    return runGalaxyClient(galaxy.port, directory);
  });
});

/** Not synchronously: the server is in this process. */
async function runGalaxyClient(port: number, directory: string): Promise<void> {
  const server = `http://127.0.0.1:${port}/api/`;
  const options = { env: { PATH: '/usr/bin:/bin', HOME: directory, LC_ALL: 'C.UTF-8' }, timeout: 50_000 };
  await run('/usr/bin/ansible-galaxy', ['collection', 'install', '-s', server, '-p', directory, 'ns.coll'], options);
  const installed = (name: string): string =>
    JSON.parse(readFileSync(join(directory, 'ansible_collections', 'ns', name, 'MANIFEST.json'), 'utf8'))
      .collection_info.version;
  expect([installed('coll'), installed('base')]).to.deep.equal(['1.10.0', '1.4.0']);
  // Roles come from github.com whatever the server: only the question is tested.
  const { stdout } = await run(
    '/usr/bin/ansible-galaxy',
    ['role', 'info', '-s', server, '-p', directory, 'user.role'],
    options,
  );
  expect(stdout).to.match(/github_repo: ansible-role/);
}
