// SPDX-License-Identifier: Apache-2.0
// Roles and collections of documents on real nodes that have no way into the internet (contextualization.md §7).
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { createContextualizer } from '../../../src/contextualization/index.js';
import { silentLogger } from '../../../src/util/logger.js';
import { createTestBed, requireNodes, type TestBed, type TestNode } from '../../ssh/support/nodes.js';
import { archiveOf, collectionFiles, type Galaxy, sayingRole, startGalaxy } from '../galaxy/support/galaxy.js';
import { createWorld, keyCredentials, lastLine, requireAnsible, testSettings, type World } from './support/world.js';

describe('roles and collections of a document', function () {
  this.timeout(180_000);
  let bed: TestBed;
  let front: TestNode;
  let galaxy: Galaxy;
  let cache: string;
  let world: World;
  let runs = 0;

  before(async function () {
    await requireNodes(this);
    requireAnsible(this);
    bed = await createTestBed();
    front = await bed.start();
    galaxy = await startGalaxy();
    cache = mkdtempSync(join(tmpdir(), 'im-cache-'));
    galaxy.roles.set('user.one', { v1: sayingRole('one v1', ['user.two']), v2: sayingRole('one v2') });
    galaxy.roles.set('user.two', { v1: sayingRole('two') });
    galaxy.collections.set('ns.coll', { '1.2.0': collectionFiles('ns.coll', '1.2.0') });
    galaxy.files.set('/three.tar.gz', archiveOf(sayingRole('three'), 'three-main/'));
    galaxy.commit('four', sayingRole('four v1'), 'v1');
    world = worldOf([
      'ansible.roles.user.one,v1',
      `ansible.roles.http://127.0.0.1:${galaxy.port}/three.tar.gz|three`,
      `ansible.roles.git+http://127.0.0.1:${galaxy.port}/git/four,v1|four`,
      'ansible.collections.ns.coll',
    ]);
  });
  after(async () => {
    await galaxy?.close();
    if (cache) rmSync(cache, { recursive: true });
    await bed?.close();
  });

  const worldOf = (applications: readonly string[]): World =>
    createWorld(
      `configure front (
@begin
- roles: [user.one, three, four, ns.coll.hello]
  tasks:
  - include_role: name=user.two
  - debug: msg="{{ 'filter' | ns.coll.shout }}"
@end
)`,
      [
        {
          system: 'front',
          node: front,
          credentials: keyCredentials(bed.privateKey),
          more: applications.map((name) => `disk.0.applications contains (name = '${name}')`),
        },
      ],
    );
  const run = async (refreshRoles = false): Promise<string> => {
    runs += 1;
    world.logs.clear();
    world.lines.length = 0;
    const contextualizer = createContextualizer({
      settings: testSettings({ galaxyCacheDir: cache }),
      logger: silentLogger,
      now: Date.now,
      contentSource: galaxy.fetcher,
    });
    try {
      await contextualizer.run({
        infrastructureId: 'inf-roles',
        runId: `run-${runs}`,
        refreshRoles,
        startedAt: Date.now(),
        ports: world.ports,
        signal: new AbortController().signal,
      });
    } finally {
      await contextualizer.close();
    }
    return [...world.lines, ...world.logs.values()].join('\n');
  };

  it('are found by recipes, with what they need, in every form', async () => {
    const log = await run();
    expect(Object.fromEntries(world.results), log).to.deep.equal({ 0: true });
    for (const text of ['role says one v1', 'role says two', 'role says three', 'role says four v1', 'FILTER!']) {
      expect(log).to.contain(`"msg": "${text}"`);
    }
    expect(log).to.contain('"msg": "collection ns.coll 1.2.0 says HELLO!"');
    expect(world.lines.filter((line) => line.startsWith('Galaxy '))).to.deep.equal([
      'Galaxy collection ns.coll detected setting to install.',
      'Galaxy role user.one,v1 detected setting to install.',
      'Galaxy role three detected setting to install.',
      'Galaxy role four detected setting to install.',
    ]);
    expect(Object.keys(world.contentPins)).to.have.length(5);
    expect(readdirSync(cache)).to.have.length(5);
  });

  it('are neither fetched nor sent again, whatever was published meanwhile', async () => {
    galaxy.roles.set('user.two', { v1: sayingRole('two changed') });
    galaxy.requests.length = 0;
    const log = await run();
    expect(log).to.contain('"msg": "role says two"').and.not.to.contain('Roles and collections installed');
    expect(galaxy.requests).to.deep.equal([]);
  });

  it('come back when the node or the daemon has lost them', async () => {
    await front.run('rm -rf /var/tmp/.im/inf-roles/content/*/content/tasks');
    const log = await run();
    expect(log)
      .to.contain('"msg": "role says two"')
      .and.to.match(/Roles and collections installed: 5 \(4 of them sent\)/);
  });

  it('are taken as they are now by a reconfigure; the recipe sees the change, the log tells it', async () => {
    const log = await run(true);
    expect(log)
      .to.contain('"msg": "role says two changed"')
      .and.to.contain('Galaxy role user.two has changed: SHA-256 ');
    expect(await front.run('ls /var/tmp/.im/inf-roles/content | wc -l')).to.equal('5');
  });

  it('go when no document asks for them any more', async () => {
    world.radl = worldOf(['ansible.roles.user.two']).radl;
    await run();
    expect(await front.run('ls /var/tmp/.im/inf-roles/roles')).to.equal('user.two');
    expect(Object.fromEntries(world.results)).to.deep.equal({ 0: false });
    expect(world.logs.get(0)).to.contain("the role 'user.one' was not found");
  });

  it('end the run at once, with the reason, when they cannot be had', async () => {
    world.radl = worldOf(['ansible.roles.user.missing']).radl;
    await run();
    expect(lastLine(world)).to.equal(
      'Error configuring master node: The Ansible role user.missing cannot be installed: ' +
        'Ansible Galaxy does not know it: write it as "user.role".',
    );
    expect(Object.fromEntries(world.results)).to.deep.equal({ 0: false });
  });
});
