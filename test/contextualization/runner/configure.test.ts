// SPDX-License-Identifier: Apache-2.0
// Whole configuration runs on real nodes with real Ansible (contextualization.md §25).
import { randomBytes } from 'node:crypto';
import { expect } from 'chai';
import type { ContextualizationOutcome, ContextualizationSettings } from '../../../src/contextualization/contract.js';
import { createContextualizer } from '../../../src/contextualization/index.js';
import { encryptVault } from '../../../src/contextualization/plan/index.js';
import { parseRadl } from '../../../src/radl/index.js';
import { silentLogger } from '../../../src/util/logger.js';
import { createTestBed, NODE_PASSWORD, requireNodes, type TestBed, type TestNode } from '../../ssh/support/nodes.js';
import {
  createWorld,
  keyCredentials,
  lastLine,
  passwordCredentials,
  requireAnsible,
  testSettings,
  type World,
} from './support/world.js';

/** A `configure` with one play of the given tasks. */
const recipe = (name: string, tasks: string): string => `configure ${name} (\n@begin\n- tasks:\n${tasks}\n@end\n)\n`;

describe('a configuration run', function () {
  this.timeout(240_000);
  let bed: TestBed;
  let runs = 0;

  before(async function () {
    await requireNodes(this);
    requireAnsible(this);
    bed = await createTestBed();
  });
  after(async () => bed?.close());

  const run = async (
    world: World,
    changes: Partial<ContextualizationSettings> = {},
    more: { vmList?: readonly number[]; refreshRoles?: boolean } = {},
  ): Promise<ContextualizationOutcome> => {
    runs += 1;
    const contextualizer = createContextualizer({
      settings: testSettings(changes),
      logger: silentLogger,
      now: Date.now,
    });
    try {
      return await contextualizer.run({
        infrastructureId: 'inf-1',
        runId: `run-${runs}`,
        refreshRoles: false,
        startedAt: Date.now(),
        ports: world.ports,
        signal: new AbortController().signal,
        ...more,
      });
    } finally {
      await contextualizer.close();
    }
  };

  const resultsOf = (world: World): Record<string, boolean> => Object.fromEntries(world.results);

  describe('of a public and two private VMs', () => {
    let front: TestNode;
    let workers: TestNode[];
    let world: World;
    let outcome: ContextualizationOutcome;

    before(async () => {
      [front, ...workers] = (await Promise.all([
        bed.start({ canSetHostName: true }),
        bed.start({ isPrivate: true, canSetHostName: true }),
        bed.start({ isPrivate: true }),
      ])) as [TestNode, TestNode, TestNode];
      const credentials = keyCredentials(bed.privateKey);
      world = createWorld(
        recipe(
          'front',
          '  - copy: dest=/opt/secret content=made-on-the-front-end\n  - debug: msg="front of {{ IM_WN_NUM_VMS }}"',
        ) +
          `configure wn (
@begin
- become: yes
  tasks:
  - copy: dest=/opt/from-front content="{{ lookup('file', '/opt/secret') }}"
  - copy: dest=/opt/facts content="{{ groups['wn'] | length }} {{ hostvars[groups['front'][0]].ansible_facts.hostname }}"
  - include_tasks: utils/tasks/main.yml
    when: false
@end
)
contextualize (
  system front configure front step 1
  system wn configure wn step 2
)`,
        [
          { system: 'front', node: front, credentials },
          ...workers.map((node) => ({ system: 'wn', node, isPrivate: true, credentials })),
        ],
      );
      outcome = await run(world);
    });

    it('configures them all', () => {
      expect(outcome).to.deep.equal({ isInfrastructureConfigured: true });
      expect(resultsOf(world), [...world.logs.values()].join('\n')).to.deep.equal({ 0: true, 1: true, 2: true });
    });

    it('writes the lines of §13.4 in their order', () => {
      const wanted = [
        'Select master VM',
        'Wait master VM to boot',
        'Wait master VM to have the SSH active.',
        'Creating and copying Ansible playbook files',
        'Performing preliminary steps to configure Ansible.',
        'Configure Ansible in the master VM.',
        'Ansible successfully configured in the master VM.',
        'Copying YAML, hosts and inventory files.',
      ];
      expect(world.lines.filter((line) => wanted.includes(line))).to.deep.equal(wanted);
    });

    it('writes the blocks that clients parse', () => {
      const log = world.logs.get(0) ?? '';
      const tasks = [...log.matchAll(/^Launch task: (.*)$/gm)].map((match) => match[1]);
      expect(tasks).to.deep.equal(['basic', 'main_front', 'front_front']);
      expect(log).to.contain('"msg": "front of 2"');
      expect(log.match(/^Process finished$/gm)).to.have.length(3);
      expect(log).to.contain('Task front_front finished successfully\nProcess finished\n');
    });

    it('runs later steps after earlier ones, on the same control node', async () => {
      for (const node of workers) expect(await node.run('cat /opt/from-front')).to.equal('made-on-the-front-end');
      expect(await (workers[0] as TestNode).run('cat /opt/facts')).to.equal('2 front-0');
    });

    it('gives hosts file, host name and key to every node', async () => {
      const hosts = await (workers[1] as TestNode).run('cat /etc/hosts');
      expect(hosts).to.contain(`${front.ip} front-0.localdomain front-0`);
      expect(hosts).to.contain(`${workers[0]?.ip} wn-1.localdomain wn-1`);
      expect(await front.run('hostname')).to.equal('front-0.localdomain');
      expect(await (workers[1] as TestNode).run('cat /home/imuser/.ssh/authorized_keys')).to.contain(
        world.key.publicKey,
      );
    });

    it('keeps the files of the infrastructure to its user', async () => {
      expect(await front.run('stat -c %a /var/tmp/.im/inf-1')).to.equal('700');
      expect(
        await front.run('find /var/tmp/.im/inf-1 -type f -perm /077 ! -path "*/.ansible/*" ! -path "*/facts_cache/*"'),
      ).to.equal('');
      expect(await front.run('ls -A /dev/shm')).to.equal('');
    });

    it('does less when a VM is added: no new master, no new runtime, but new counts and hosts files everywhere', async () => {
      const late = await bed.start({ isPrivate: true });
      world.addVm({ system: 'wn', node: late, isPrivate: true, credentials: keyCredentials(bed.privateKey) });
      world.lines.length = 0;
      await run(world);
      expect(world.lines).to.contain('Copying YAML, hosts and inventory files.');
      expect(world.lines.filter((line) => /Select|Wait master|Configure Ansible/.test(line))).to.deep.equal([]);
      expect(resultsOf(world)).to.deep.equal({ 0: true, 1: true, 2: true, 3: true });
      expect(world.logs.get(0)).to.contain('"msg": "front of 3"');
      expect(await workers[0]?.run('cat /etc/hosts')).to.contain(`${late.ip} wn-3.localdomain wn-3`);
    });

    it('forgets a VM that was removed: in counts, groups, hosts files and results', async () => {
      const [gone] = world.vms.splice(3, 1);
      world.results.clear();
      world.logs.clear();
      await run(world);
      expect(gone?.number).to.equal(3);
      expect(resultsOf(world)).to.deep.equal({ 0: true, 1: true, 2: true });
      expect(world.logs.get(0)).to.contain('"msg": "front of 2"');
      for (const node of [front, ...workers]) {
        expect(await node.run('cat /etc/hosts'))
          .to.contain('wn-2')
          .and.not.to.contain('wn-3');
      }
      expect(await workers[0]?.run('cat /opt/facts')).to.equal('2 front-0');
      expect(await front.run('cat /var/tmp/.im/inf-1/hosts')).not.to.contain('_3:');
      if (gone) world.vms.push(gone);
    });

    it('reconfigures: listed VMs only run their steps, a node whose host key has changed is refused', async () => {
      world.logs.clear();
      world.hostKeys.set(2, 'SHA256:of-another-machine');
      await run(world, {}, { vmList: [1], refreshRoles: true });
      expect(world.logs.get(0)).to.contain('Launch task: main_front').and.not.to.contain('front_front');
      expect(world.logs.get(1)).to.contain('Launch task: wn_wn');
      expect(world.logs.get(3)).to.contain('Launch task: main_wn').and.not.to.contain('wn_wn');
      expect(resultsOf(world)).to.deep.equal({ 0: true, 1: true, 2: false, 3: true });
      expect(world.logs.get(2)).to.contain('shows the host key SHA256:');
      expect(world.lines).to.contain('Configure Ansible in the master VM.');
    });
  });

  it('stops a VM at its first failed step and tries again what may pass, each alone; waits for a VM that still boots', async () => {
    const nodes = await Promise.all([bed.start(), bed.start(), bed.start({ isPrivate: true, bootDelay: 3 })]);
    const credentials = keyCredentials(bed.privateKey);
    const busy =
      'test -e /opt/tried || { touch /opt/tried; echo Could not get lock /var/lib/dpkg/lock-frontend >&2; exit 1; }';
    const world = createWorld(
      recipe(
        'a',
        `  - shell: echo a >>/opt/a\n  - command: "false"\n    when: IM_NODE_NUM == '1'\n  - shell: "${busy}"\n    when: IM_NODE_NUM == '2'`,
      ) +
        recipe('b', '  - file: path=/opt/b state=touch') +
        'contextualize (\nsystem node configure a step 1\nsystem node configure b step 2\n)',
      nodes.map((node, number) => ({ system: 'node', node, isPrivate: number === 2, credentials })),
    );
    const outcome = await run(world, { playbookRetries: 2 });
    expect(outcome.isInfrastructureConfigured).to.equal(true);
    expect(resultsOf(world), [...world.logs.values()].join('\n')).to.deep.equal({ 0: true, 1: false, 2: true });
    expect(await nodes[0]?.run('cat /opt/a; ls /opt')).to.equal('a\na\nb');
    expect(await nodes[1]?.run('cat /opt/a; ls /opt')).to.equal('a\na');
    expect(await nodes[2]?.run('cat /opt/a; ls /opt')).to.equal('a\na\na\nb\ntried');
    expect(world.lines).to.contain('VM 1: step 4 (a_node) failed; not run: b_node');
    expect(world.logs.get(1)).to.contain('ERROR executing playbook (1/1)\nERROR executing task a_node: (1/2)\n');
    expect(world.logs.get(1)).not.to.contain('Launch task: b_node');
    expect(world.logs.get(2)).to.contain('ERROR executing task a_node: (1/2)\nSleeping 5 secs.\nLaunch task: a_node\n');
  });

  it('works with passwords and a sudo that asks, changes the password, and shows no secret on the nodes', async () => {
    const nodes = await Promise.all([bed.start(), bed.start({ isPrivate: true })]);
    const [front, worker] = nodes as [TestNode, TestNode];
    const newPassword = 'N3w-secret';
    const credentials = [
      ...passwordCredentials(NODE_PASSWORD),
      `disk.0.os.credentials.new.password = '${newPassword}'`,
    ];
    // A pattern that does not match itself: recipes and process lists hold it.
    const pattern = [newPassword, NODE_PASSWORD].map((text) => `${text.slice(0, -1)}[${text.slice(-1)}]`).join('|');
    // The first process of a node is the container's own: the test gave it the password.
    const look = `for process in /proc/[0-9]*; do [ $process = /proc/1 ] || cat $process/cmdline $process/environ; done 2>/dev/null`;
    const spy = `  - shell: (${look}; grep -rsaE '${pattern}' /tmp /var/tmp) | tr '\\000' ' ' > /opt/spied
    ignore_errors: yes
  - shell: ${look} | tr '\\000' ' ' >> /opt/spied
    delegate_to: localhost`;
    const world = createWorld(recipe('front', spy) + recipe('wn', spy), [
      { system: 'front', node: front, credentials },
      { system: 'wn', node: worker, isPrivate: true, credentials },
    ]);
    await run(world);
    expect(resultsOf(world), [...world.logs.values()].join('\n')).to.deep.equal({ 0: true, 1: true });
    for (const [number, node] of nodes.entries()) {
      const info = world.vms[number]?.info.systems[0]?.features;
      expect(info?.getText('disk.0.os.credentials.password')).to.equal(newPassword);
      expect(info?.has('disk.0.os.credentials.new.password')).to.equal(false);
      expect(
        await node.run(
          `echo '${newPassword}' | su -s /bin/sh nobody -c true; su pwuser -c id </dev/null >/dev/null; getent shadow pwuser | cut -d: -f2`,
        ),
      ).to.match(/^\$/);
      expect(Number(await node.run('grep -ac ansible /opt/spied'))).to.be.greaterThan(0);
      expect(await node.run(`grep -acE '${pattern}' /opt/spied || true`)).to.equal('0');
      expect(await node.run(`grep -rlE '${pattern}' /tmp /var/tmp /dev/shm 2>/dev/null || true`)).to.equal('');
    }
  });

  it('takes over a password that an interrupted run has set already, and never changes that of an existing host', async () => {
    const nodes = await Promise.all([
      bed.start({ prepare: `printf 'pwuser:N3w-set\\n' | chpasswd` }),
      bed.start({ isPrivate: true }),
    ]);
    const credentials = [...passwordCredentials(NODE_PASSWORD), `disk.0.os.credentials.new.password = 'N3w-set'`];
    const world = createWorld(recipe('front', '  - debug: msg=x'), [
      { system: 'front', node: nodes[0], credentials },
      { system: 'front', node: nodes[1], isPrivate: true, isExistingHost: true, credentials },
    ]);
    await run(world);
    expect(resultsOf(world), [...world.logs.values()].join('\n')).to.deep.equal({ 0: true, 1: true });
    const passwords = world.vms.map((vm) => vm.info.systems[0]?.features.getText('disk.0.os.credentials.password'));
    expect(passwords).to.deep.equal(['N3w-set', NODE_PASSWORD]);
  });

  it('ends at once when the master refuses the credentials', async () => {
    const node = await bed.start();
    const world = createWorld(recipe('front', '  - debug: msg=x'), [
      { system: 'front', node, credentials: passwordCredentials('wrong') },
    ]);
    const outcome = await run(world, { waitSshAccessTimeoutMs: 6000 });
    expect(outcome.isInfrastructureConfigured).to.equal(false);
    expect(resultsOf(world)).to.deep.equal({ 0: false });
    expect(lastLine(world)).to.equal(
      `Contextualization Error: Error Waiting the Master VM to have the SSH active: Error connecting with ip: ${node.ip} incorrect credentials.`,
    );
  });

  it('ends at the time limit of the document and leaves no process behind', async () => {
    const [front, worker] = await Promise.all([bed.start(), bed.start({ isPrivate: true })]);
    const world = createWorld(
      `${recipe('front', '  - command: sleep 61')}${recipe('wn', '  - command: sleep 62')}contextualize 6 (\nsystem front configure front\nsystem wn configure wn\n)`,
      [
        { system: 'front', node: front, credentials: passwordCredentials(NODE_PASSWORD) },
        { system: 'wn', node: worker, isPrivate: true, credentials: keyCredentials(bed.privateKey) },
      ],
    );
    await run(world);
    expect(world.lines).to.contain('ERROR: Max contextualization time passed.');
    expect(resultsOf(world)).to.deep.equal({ 0: false, 1: false });
    for (const node of [front, worker]) {
      expect(await node.run(`ps -eo args | grep -E 'sleep 6|ansible|\\[mux' | grep -v grep || true`)).to.equal('');
      expect(await node.run('ls -A /dev/shm')).to.equal('');
    }
  });

  it('can be cancelled at once, and what runs on the nodes be ended', async () => {
    const [front, worker] = await Promise.all([bed.start(), bed.start({ isPrivate: true })]);
    const world = createWorld(recipe('front', '  - command: sleep 61') + recipe('wn', '  - command: sleep 62'), [
      { system: 'front', node: front, credentials: keyCredentials(bed.privateKey) },
      { system: 'wn', node: worker, isPrivate: true, credentials: keyCredentials(bed.privateKey) },
    ]);
    const contextualizer = createContextualizer({ settings: testSettings(), logger: silentLogger, now: Date.now });
    const controller = new AbortController();
    const work = contextualizer.run({
      infrastructureId: 'inf-1',
      runId: 'cancelled',
      refreshRoles: false,
      startedAt: Date.now(),
      ports: world.ports,
      signal: controller.signal,
    });
    const isSleeping = async (): Promise<boolean> =>
      (await worker.run('ps -eo args')).includes('sleep 62') && (await front.run('ps -eo args')).includes('sleep 61');
    while (!(await isSleeping())) expect(world.results.size).to.equal(0);
    controller.abort();
    const error = await work.then(
      () => undefined,
      (reason: { code?: string }) => reason,
    );
    expect(error?.code).to.equal('cancelled');
    expect(await isSleeping()).to.equal(true);
    await contextualizer.killRemote('inf-1', 'cancelled', world.ports);
    for (const node of [front, worker]) {
      expect(await node.run(`ps -eo args | grep -E 'sleep 6|ansible|\\[mux' | grep -v grep || true`)).to.equal('');
    }
    await contextualizer.close();
  });

  it('configures through an external Ansible host, also with an encrypted recipe', async () => {
    const [control, worker] = await Promise.all([bed.start(), bed.start({ isPrivate: true })]);
    const plain = '- tasks:\n  - copy: dest=/opt/master content="{{ IM_MASTER_FQDN }}"\n';
    const world = createWorld(`configure wn (\n@begin\n${encryptVault(plain, 'sesame', randomBytes)}\n@end\n)`, [
      {
        system: 'wn',
        node: worker,
        isPrivate: true,
        credentials: keyCredentials(bed.privateKey),
        more: [`vault.password = 'sesame'`],
      },
    ]);
    const ansible = parseRadl(
      `ansible ctl (host = '${control.ip}' and credentials.username = 'imuser' and credentials.private_key = '${bed.privateKey}')`,
    );
    for (const host of ansible.ansibleHosts) world.radl.add(host);
    await run(world);
    expect(resultsOf(world), [...world.lines, ...world.logs.values()].join('\n')).to.deep.equal({ 0: true });
    expect(await worker.run('cat /opt/master')).to.equal(`${control.ip}.`);
    expect(world.lines).not.to.contain('Select master VM');
    expect(await control.run('grep -rl sesame /var/tmp /tmp /dev/shm || true')).to.equal('');
  });

  it('reaches private VMs, the master too, through proxy hosts with key or password; one process per VM', async () => {
    const [bastion, ...nodes] = await Promise.all([
      bed.start(),
      bed.start({ isPrivate: true }),
      bed.start({ isPrivate: true }),
    ]);
    const proxies = [
      `proxy_host = 'imuser@${bastion.ip}' and proxy_key = '${bed.privateKey}'`,
      `proxy_host = 'pwuser:${NODE_PASSWORD}@${bastion.ip}'`,
    ];
    const world = createWorld(
      recipe('node', '  - debug: msg=x'),
      nodes.map((node, number) => ({
        system: 'node',
        node,
        isPrivate: true,
        credentials: keyCredentials(bed.privateKey),
        networkMore: ` and ${proxies[number]}`,
      })),
    );
    await run(world, { processPerVm: true });
    expect(resultsOf(world), world.lines.join('\n')).to.deep.equal({ 0: true, 1: true });
  });

  describe('with wrong recipes', () => {
    let node: TestNode;
    before(async () => {
      node = await bed.start();
    });

    it('fails the VM whose recipe is no list of plays', async () => {
      const world = createWorld('configure front (\n@begin\nkey: value\n@end\n)', [
        { system: 'front', node, credentials: keyCredentials(bed.privateKey) },
      ]);
      const outcome = await run(world);
      expect(outcome.isInfrastructureConfigured).to.equal(true);
      expect(resultsOf(world)).to.deep.equal({ 0: false });
      expect(world.logs.get(0)).to.contain('A playbook must contain at least one play');
    });

    it('fails the infrastructure when playbooks cannot be generated', async () => {
      const world = createWorld('configure front (\n@begin\n- tasks: [unclosed\n@end\n)', [
        { system: 'front', node, credentials: keyCredentials(bed.privateKey) },
      ]);
      const outcome = await run(world);
      expect(outcome.isInfrastructureConfigured).to.equal(false);
      expect(lastLine(world)).to.match(/^Error generating playbooks: /);
      expect(resultsOf(world)).to.deep.equal({ 0: false });
    });
  });

  it('says what is missing when set-up has not made the runtime', async () => {
    const node = await bed.start();
    const world = createWorld(recipe('front', '  - debug: msg=x'), [
      { system: 'front', node, credentials: keyCredentials(bed.privateKey) },
    ]);
    const outcome = await run(world, { runtimeBundleDir: '/nowhere' });
    expect(outcome.isInfrastructureConfigured).to.equal(false);
    expect(lastLine(world)).to.equal(
      'Error in the ansible installation process: The Ansible runtime bundle is missing: no /nowhere/manifest.json. ' +
        'Make it with: npm run runtime-bundle (or: node --import tsx scripts/runtime-bundle.ts --out /nowhere)',
    );
    expect(resultsOf(world)).to.deep.equal({ 0: false });
  });
});
