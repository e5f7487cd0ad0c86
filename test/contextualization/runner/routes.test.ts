// SPDX-License-Identifier: Apache-2.0
// The ways to machines that neither the daemon nor the master reaches directly, and what must not be left behind on them
// (contextualization.md §4, §18, §24.1, §24.4).
import { randomBytes } from 'node:crypto';
import { expect } from 'chai';
import { encryptVault } from '../../../src/contextualization/plan/index.js';
import { parseRadl } from '../../../src/radl/index.js';
import {
  createTestBed,
  docker,
  NODE_PASSWORD,
  requireNodes,
  type TestBed,
  type TestNode,
} from '../../ssh/support/nodes.js';
import { configureWorld, logsOf, resultsOf } from './support/configure-world.js';
import { filesWith, watchSecrets } from './support/secret-watch.js';
import { createWorld, keyCredentials, passwordCredentials, requireAnsible, type World } from './support/world.js';

const VAULT_PASSWORD = 'open-Sesame-77';
/** A line of a private key: what a process list or a file would show of it. */
const keyLine = (pem: string): string => pem.split('\n')[3] ?? '';

describe('the ways to machines', function () {
  this.timeout(600_000);
  let bed: TestBed;

  before(async function () {
    await requireNodes(this);
    requireAnsible(this);
    bed = await createTestBed();
  });
  after(async () => bed?.close());

  const run = (world: World) =>
    configureWorld(world, { maxContextualizationTimeMs: 500_000 }, { infrastructureId: 'inf-routes' });

  describe('through bastions that only they share with the daemon, and through a tunnel', () => {
    let master: TestNode;
    let bastion: TestNode;
    let nodes: TestNode[];
    let world: World;
    let watched: Awaited<ReturnType<Awaited<ReturnType<typeof watchSecrets>>['stop']>>;
    const secrets = () => [NODE_PASSWORD, VAULT_PASSWORD, keyLine(bed.privateKey), keyLine(world.key.privateKey)];

    before(async () => {
      [master, bastion, ...nodes] = (await Promise.all([
        bed.start({ isPublicOnly: true }),
        bed.start(),
        bed.start({ isPrivate: true }),
        bed.start({ isPrivate: true }),
        bed.start({ isPublicOnly: true }),
      ])) as [TestNode, TestNode, ...TestNode[]];
      const [byKey, byPassword, byTunnel] = nodes as [TestNode, TestNode, TestNode];
      const recipe = `- tasks:\n  - copy: dest=/opt/who content="{{ IM_NODE_HOSTNAME }} by {{ lookup('pipe', 'hostname') }}"\n`;
      const body = encryptVault(recipe, VAULT_PASSWORD, randomBytes);
      const vault = [`vault.password = '${VAULT_PASSWORD}'`];
      world = createWorld(`configure wn (\n@begin\n${body}\n@end\n)`, [
        { system: 'front', node: master, credentials: keyCredentials(bed.privateKey) },
        {
          system: 'wn',
          node: byKey,
          isPrivate: true,
          credentials: keyCredentials(bed.privateKey),
          networkMore: ` and proxy_host = 'imuser@${bastion.ip}' and proxy_key = '${bed.privateKey}'`,
          more: vault,
        },
        {
          system: 'wn',
          node: byPassword,
          isPrivate: true,
          credentials: passwordCredentials(NODE_PASSWORD),
          networkMore: ` and proxy_host = 'pwuser:${NODE_PASSWORD}@${bastion.ip}'`,
          more: vault,
        },
        {
          system: 'wn',
          // Nobody reaches this address: only the machine itself reaches the master.
          node: { ...byTunnel, ip: '10.254.254.9' },
          isPrivate: true,
          credentials: keyCredentials(bed.privateKey),
          more: vault,
        },
      ]);
      // As the command of rest-api.md §9.15 does, once sshd of the master answers.
      const key = Buffer.from(bed.privateKey).toString('base64');
      await byTunnel.run(`echo ${key} | base64 -d >/key; chmod 600 /key`);
      const ssh = `until ssh -N -R 20003:localhost:22 -i /key -o UserKnownHostsFile=/dev/null -o StrictHostKeyChecking=no -o ExitOnForwardFailure=yes imuser@${master.ip}; do sleep 0.2; done`;
      await docker('exec', '-d', byTunnel.name, 'sh', '-c', ssh);
      const watch = await watchSecrets(
        [
          { node: master, user: 'imuser' },
          { node: byPassword, user: 'pwuser' },
        ],
        secrets(),
      );
      try {
        await run(world);
      } finally {
        watched = await watch.stop();
      }
    });

    it('configures them all, from the master', async () => {
      expect(resultsOf(world), logsOf(world)).to.deep.equal({ 0: true, 1: true, 2: true, 3: true });
      const host = await master.run('hostname');
      expect(await Promise.all(nodes.map((node) => node.run('cat /opt/who')))).to.deep.equal(
        [1, 2, 3].map((number) => `wn-${number} by ${host}`),
      );
    });

    it('says which way was taken', () => {
      expect(world.logs.get(1)).to.match(/^Route from the master: [\d.]+:22 through the proxy host$/m);
      expect(world.logs.get(2)).to.match(/^Remote access to VM: [\d.]+:22 through the proxy host Open!$/m);
      expect(world.logs.get(3)).to.match(/^Route from the master: 127\.0\.0\.1:20003$/m);
    });

    it('shows no secret in a command line or an environment of any process meanwhile', () => {
      expect(watched.watchers, 'a watcher did not work').to.equal(4);
      expect(watched.readableEnvironments, 'no environment could be read').to.equal(4);
      expect(watched.found).to.deep.equal([]);
    });

    it('leaves no secret in a file of any node, but for the key of the infrastructure on the master', async () => {
      const [password, vault, userKey, ownKey] = secrets() as [string, string, string, string];
      for (const node of [master, bastion, ...nodes.slice(0, 2)]) {
        expect(await filesWith(node, [password, vault, userKey]), node.name).to.deep.equal([]);
      }
      expect(await filesWith(master, [ownKey])).to.deep.equal(['/var/tmp/.im/inf-routes/ansible_key']);
      expect(await master.run('stat -c %a /var/tmp/.im/inf-routes/ansible_key /var/tmp/.im/inf-routes')).to.equal(
        '600\n700',
      );
    });

    it('writes no secret into a log', () => {
      for (const secret of secrets()) expect(logsOf(world)).not.to.contain(secret);
      expect(JSON.stringify(world.progress)).not.to.contain(NODE_PASSWORD).and.not.to.contain(VAULT_PASSWORD);
    });

    it('remembers the keys of the machines and of the bastion, and refuses others', async () => {
      expect([...world.sharedHostKeys.keys()]).to.deep.equal([`${bastion.ip}:22`]);
      expect([...world.hostKeys.keys()].sort()).to.deep.equal([0, 1, 2, 3]);
      const known = world.sharedHostKeys.get(`${bastion.ip}:22`) ?? '';
      world.sharedHostKeys.set(`${bastion.ip}:22`, 'SHA256:another');
      world.hostKeys.set(3, 'SHA256:another');
      await run(world);
      expect(Object.fromEntries(world.results)).to.deep.equal({ 0: true, 1: false, 2: false, 3: false });
      expect(world.logs.get(1)).to.contain(
        `The proxy host cannot be used: imuser@${bastion.ip}:22 shows the host key ${known}, but SHA256:another was seen before.`,
      );
      expect(world.logs.get(3)).to.match(
        /shows the host key SHA256:\S+, but SHA256:another was seen before\. .*forget-host-key/,
      );
    });
  });

  describe('from several Ansible hosts', () => {
    it('configures each system from the host that it names, with key and with password', async () => {
      const [first, second, ...workers] = (await Promise.all([
        bed.start(),
        bed.start(),
        bed.start({ isPrivate: true }),
        bed.start({ isPrivate: true }),
      ])) as [TestNode, TestNode, ...TestNode[]];
      const body = (name: string) =>
        `configure ${name} (\n@begin\n- tasks:\n  - copy: dest=/opt/by content="{{ lookup('pipe', 'hostname') }} {{ IM_MASTER_FQDN }}"\n@end\n)\n`;
      const credentials = keyCredentials(bed.privateKey);
      const world = createWorld(body('a') + body('b'), [
        { system: 'a', node: workers[0], isPrivate: true, credentials },
        { system: 'b', node: workers[1], isPrivate: true, credentials, more: [`ansible_host = 'two'`] },
      ]);
      const document = parseRadl(`
ansible one (host = '${first.ip}' and credentials.username = 'imuser' and credentials.private_key = '${bed.privateKey}')
ansible two (host = '${second.ip}' and credentials.username = 'pwuser' and credentials.password = '${NODE_PASSWORD}')`);
      for (const host of document.ansibleHosts) world.radl.add(host);
      await run(world);
      expect(resultsOf(world), logsOf(world)).to.deep.equal({ 0: true, 1: true });
      const names = await Promise.all([first, second].map((node) => node.run('hostname')));
      expect(await Promise.all(workers.map((node) => node.run('cat /opt/by')))).to.deep.equal(
        names.map((name) => `${name} ${first.ip}.`),
      );
      expect([...world.sharedHostKeys.keys()].sort()).to.deep.equal([`${first.ip}:22`, `${second.ip}:22`].sort());
      expect(await filesWith(second, [NODE_PASSWORD])).to.deep.equal([]);
    });

    it('says so when a system names one that the document lacks', async () => {
      const world = createWorld('configure a (\n@begin\n- tasks: []\n@end\n)', [
        {
          system: 'a',
          node: { name: '', ip: '192.0.2.9', privateIp: '', run: async () => '', stop: async () => {} },
          isPrivate: true,
          credentials: [],
          more: [`ansible_host = 'three'`],
        },
      ]);
      for (const host of parseRadl(
        `ansible one (host = '192.0.2.1' and credentials.username = 'u' and credentials.password = 'p')`,
      ).ansibleHosts) {
        world.radl.add(host);
      }
      await run(world);
      expect(world.lines).to.include(
        'Contextualization Error: the system a names three as ansible_host; the document has no such ansible host (it has: one).',
      );
    });
  });
});
