// SPDX-License-Identifier: Apache-2.0
// The twenty tests of contextualization.md §25, one `it` for each of its numbers, on real nodes with real Ansible.
import { randomBytes } from 'node:crypto';
import { expect } from 'chai';
import { createContextualizer } from '../../../src/contextualization/index.js';
import { encryptVault } from '../../../src/contextualization/plan/index.js';
import { parseRadl } from '../../../src/radl/index.js';
import { poll } from '../../../src/util/deadline.js';
import { silentLogger } from '../../../src/util/logger.js';
import { NODE_PASSWORD, type TestBed, type TestNode } from '../../ssh/support/nodes.js';
import { configureWorld, logsOf, recipe, resultsOf } from '../runner/support/configure-world.js';
import { createWorld, keyCredentials, lastLine, passwordCredentials, testSettings } from '../runner/support/world.js';
import { configureAcrossKills } from './killed-daemon.js';
import { createStories, tellOnNodes } from './stories.js';
import { configureThirty } from './thirty-nodes.js';

const FIRST_RUN_LINES = [
  'Select master VM',
  'Wait master VM to boot',
  'Wait master VM to have the SSH active.',
  'Creating and copying Ansible playbook files',
  'Performing preliminary steps to configure Ansible.',
  'Configure Ansible in the master VM.',
  'Ansible successfully configured in the master VM.',
  'Copying YAML, hosts and inventory files.',
];

const NEW_PASSWORD = 'N3w-secret';
const VAULT_PASSWORD = 'V4ult-secret';
/** Finds processes of a run and of its recipes. */
const LEFT_OVERS = `ps -eo args | grep -E 'sleep 6[0-9]|ansible|\\[mux' | grep -v grep || true`;
/** All command lines and environments; the first process of a node is the container's own, the test gave it the password. */
const LOOK = `for process in /proc/[0-9]*; do [ $process = /proc/1 ] || cat $process/cmdline $process/environ; done 2>/dev/null`;
/** A pattern that does not match itself: recipes and process lists hold it. */
const SECRETS = [NEW_PASSWORD, NODE_PASSWORD, VAULT_PASSWORD]
  .map((text) => `${text.slice(0, -1)}[${text.slice(-1)}]`)
  .join('|');

describe('contextualization.md §25', function () {
  this.timeout(1_800_000);
  const bed: () => TestBed = tellOnNodes(() => stories);

  const key = (): readonly string[] => keyCredentials(bed().privateKey);
  const pair = (): Promise<readonly [TestNode, TestNode]> =>
    Promise.all([bed().start({ canSetHostName: true }), bed().start({ isPrivate: true, canSetHostName: true })]);

  /** A front-end and two workers; then a worker more; then one less. */
  async function cluster() {
    const [front, first] = await pair();
    const second = await bed().start({ isPrivate: true });
    const world = createWorld(
      `${recipe('front', '  - copy: dest=/opt/secret content=made-on-the-front-end\n  - debug: msg="front of {{ IM_WN_NUM_VMS }}"')}configure wn (
@begin
- become: yes
  tasks:
  - copy: dest=/opt/from-front content="{{ lookup('file', '/opt/secret') }} {{ groups['wn'] | length }} {{ hostvars[groups['front'][0]].ansible_facts.hostname }}"
  - include_tasks: extra.yml
@end
)
configure extra (
@begin
- copy: dest=/opt/included content="{{ IM_NODE_NUM }}"
@end
)
contextualize (
  system front configure front step 1
  system wn configure wn step 2
)`,
      [
        { system: 'front', node: front, credentials: key() },
        ...[first, second].map((node) => ({ system: 'wn', node, isPrivate: true, credentials: key() })),
      ],
    );
    const read = async () => ({
      lines: [...world.lines],
      logs: new Map(world.logs),
      results: resultsOf(world),
      inventory: await front.run('cat /var/tmp/.im/inf-1/hosts'),
      hosts: await first.run('cat /etc/hosts'),
      fromFront: await first.run('cat /opt/from-front'),
    });
    const again = async () => {
      world.lines.length = 0;
      world.logs.clear();
      world.results.clear();
      await configureWorld(world);
      return read();
    };
    await configureWorld(world);
    const created = await read();
    const fileModes = await front.run(
      'stat -c %a /var/tmp/.im/inf-1; find /var/tmp/.im/inf-1 -type f -perm /077 ! -path "*/.ansible/*" ! -path "*/facts_cache/*"; ls -A /dev/shm',
    );
    const late = await bed().start({ isPrivate: true });
    world.addVm({ system: 'wn', node: late, isPrivate: true, credentials: key() });
    const added = await again();
    world.vms.pop();
    const removed = await again();
    return { front, first, late, world, created, added, removed, fileModes };
  }

  /** Three machines, the second of which fails in its first step, the third after a lock that passes. */
  async function failing() {
    const nodes = await Promise.all([bed().start(), bed().start(), bed().start({ isPrivate: true })]);
    const busy =
      'test -e /opt/tried || { touch /opt/tried; echo Could not get lock /var/lib/dpkg/lock-frontend >&2; exit 1; }';
    const world = createWorld(
      recipe(
        'a',
        `  - shell: echo a >>/opt/a\n  - name: break\n    command: sh -c "echo last words >&2; exit 3"\n    when: IM_NODE_NUM == '1'\n  - shell: "${busy}"\n    when: IM_NODE_NUM == '2'`,
      ) +
        recipe('b', '  - shell: echo b >>/opt/a') +
        recipe('c', '  - shell: echo c >>/opt/a') +
        'contextualize (\nsystem node configure a step 1\nsystem node configure b step 2\nsystem node configure c step 3\n)',
      nodes.map((node, number) => ({ system: 'node', node, isPrivate: number === 2, credentials: key() })),
    );
    const outcome = await configureWorld(world, { playbookRetries: 2 });
    return { world, outcome, ran: await Promise.all(nodes.map((node) => node.run('tr "\\n" " " </opt/a'))) };
  }

  /** Two machines with a password and a sudo that asks, one recipe encrypted; the recipes look for secrets. */
  async function passwords() {
    const nodes = await Promise.all([bed().start(), bed().start({ isPrivate: true })]);
    const credentials = [
      ...passwordCredentials(NODE_PASSWORD),
      `disk.0.os.credentials.new.password = '${NEW_PASSWORD}'`,
    ];
    const spy = `  - shell: (${LOOK}; grep -rsaE '${SECRETS}' /tmp /var/tmp) | tr '\\000' ' ' > /opt/spied
    ignore_errors: yes
  - shell: ${LOOK} | tr '\\000' ' ' >> /opt/spied
    delegate_to: localhost`;
    const world = createWorld(
      `configure front (\n@begin\n${encryptVault(`- tasks:\n${spy}\n`, VAULT_PASSWORD, randomBytes)}\n@end\n)\n${recipe('wn', spy)}`,
      [
        { system: 'front', node: nodes[0], credentials, more: [`vault.password = '${VAULT_PASSWORD}'`] },
        { system: 'wn', node: nodes[1], isPrivate: true, credentials },
      ],
    );
    await configureWorld(world);
    const shadows = await Promise.all(nodes.map((node) => node.run('getent shadow pwuser | cut -d: -f2')));
    const spied = await Promise.all(nodes.map((node) => node.run('cat /opt/spied | tr -cd "\\11\\12\\40-\\176"')));
    const found = await Promise.all(
      nodes.map((node) => node.run(`grep -rlE '${SECRETS}' /tmp /var/tmp /dev/shm 2>/dev/null || true`)),
    );
    return { world, nodes, shadows, spied, found };
  }

  async function wrongPassword() {
    const node = await bed().start();
    const world = createWorld(recipe('front', '  - debug: msg=x'), [
      { system: 'front', node, credentials: passwordCredentials('wrong') },
    ]);
    const outcome = await configureWorld(world, { waitSshAccessTimeoutMs: 6000 });
    return { world, node, outcome };
  }

  async function booting() {
    // They boot until it is seen that they are waited for.
    const prepare = 'while [ ! -e /opt/booted ]; do sleep 0.1; done';
    const nodes = await Promise.all([bed().start({ prepare }), bed().start({ isPrivate: true, prepare })]);
    const world = createWorld(
      recipe('node', '  - debug: msg=x'),
      nodes.map((node, number) => ({ system: 'node', node, isPrivate: number === 1, credentials: key() })),
    );
    const boots: Promise<string>[] = [];
    world.onLine = (line) => {
      const [, vm] = /^Waiting for VM (\d+): no SSH server answers yet/.exec(line) ?? [];
      if (vm !== undefined) boots.push((nodes[Number(vm)] as TestNode).run('touch /opt/booted'));
    };
    await configureWorld(world, { waitSshAccessTimeoutMs: 500_000 });
    await Promise.all(boots);
    return world;
  }

  async function timeLimit() {
    const nodes = await Promise.all([bed().start(), bed().start({ isPrivate: true })]);
    const world = createWorld(
      `${recipe('front', '  - command: sleep 61')}${recipe('wn', '  - command: sleep 62')}contextualize 8 (\nsystem front configure front\nsystem wn configure wn\n)`,
      [
        { system: 'front', node: nodes[0], credentials: passwordCredentials(NODE_PASSWORD) },
        { system: 'wn', node: nodes[1], isPrivate: true, credentials: key() },
      ],
    );
    await configureWorld(world);
    return { world, left: await Promise.all(nodes.map((node) => node.run(`${LEFT_OVERS}; ls -A /dev/shm`))) };
  }

  async function destroyed() {
    const nodes = await Promise.all([bed().start(), bed().start({ isPrivate: true })]);
    const world = createWorld(recipe('front', '  - command: sleep 63') + recipe('wn', '  - command: sleep 64'), [
      { system: 'front', node: nodes[0], credentials: key() },
      { system: 'wn', node: nodes[1], isPrivate: true, credentials: key() },
    ]);
    const contextualizer = createContextualizer({ settings: testSettings(), logger: silentLogger, now: Date.now });
    const controller = new AbortController();
    const run = { infrastructureId: 'inf-1', runId: 'cancelled', refreshRoles: false, startedAt: Date.now() };
    const work = contextualizer.run({ ...run, ports: world.ports, signal: controller.signal });
    const ended = work.then(
      () => undefined,
      (reason: { code?: string }) => reason.code,
    );
    const running = async (): Promise<boolean> =>
      (await nodes[0].run('ps -eo args')).includes('sleep 63') &&
      (await nodes[1].run('ps -eo args')).includes('sleep 64');
    await poll({ timeoutMs: 500_000, intervalMs: 100, what: 'the recipes' }, async () => {
      expect(world.results.size, logsOf(world)).to.equal(0);
      return (await running()) || undefined;
    });
    controller.abort();
    const code = await ended;
    const isLeftRunning = await running();
    await contextualizer.killRemote('inf-1', 'cancelled', world.ports);
    const left = await Promise.all(nodes.map((node) => node.run(LEFT_OVERS)));
    await contextualizer.close();
    return { code, isLeftRunning, left };
  }

  /** One machine, one recipe after the other. */
  async function recipes() {
    const node = await bed().start();
    const runOf = async (text: string, more: readonly string[] = []) => {
      const world = createWorld(text, [{ system: 'front', node, credentials: key(), more }]);
      const { isInfrastructureConfigured } = await configureWorld(world);
      return { world, isInfrastructureConfigured };
    };
    const vault = (password: string) => `vault.password = '${password}'`;
    const encrypted = `configure front (\n@begin\n${encryptVault('- tasks:\n  - debug: msg=from-the-vault\n', 'sesame', randomBytes)}\n@end\n)`;
    return {
      noList: await runOf('configure front (\n@begin\nkey: value\n@end\n)'),
      noYaml: await runOf('configure front (\n@begin\n- tasks: [unclosed\n@end\n)'),
      right: await runOf(encrypted, [vault('sesame')]),
      wrong: await runOf(encrypted, [vault('tahini')]),
      none: await runOf(encrypted),
      disabled: await runOf(`${recipe('front', '  - debug: msg=x')}contextualize ()`),
      empty: await runOf('configure front ()'),
    };
  }

  async function externalHost() {
    const [control, worker] = await Promise.all([bed().start(), bed().start({ isPrivate: true })]);
    const world = createWorld(recipe('wn', '  - copy: dest=/opt/master content="{{ IM_MASTER_FQDN }}"'), [
      { system: 'wn', node: worker, isPrivate: true, credentials: key() },
    ]);
    const ansible = parseRadl(
      `ansible ctl (host = '${control.ip}' and credentials.username = 'imuser' and credentials.private_key = '${bed().privateKey}')`,
    );
    for (const host of ansible.ansibleHosts) world.radl.add(host);
    await configureWorld(world);
    return { world, control, fqdn: await worker.run('cat /opt/master') };
  }

  async function bastions() {
    const [bastion, ...nodes] = await Promise.all([
      bed().start(),
      bed().start({ isPrivate: true }),
      bed().start({ isPrivate: true }),
    ]);
    const proxies = [
      `proxy_host = 'imuser@${bastion.ip}' and proxy_key = '${bed().privateKey}'`,
      `proxy_host = 'pwuser:${NODE_PASSWORD}@${bastion.ip}'`,
    ];
    const world = createWorld(
      recipe('node', '  - debug: msg=x'),
      nodes.map((node, number) => ({
        system: 'node',
        node,
        isPrivate: true,
        credentials: key(),
        networkMore: ` and ${proxies[number]}`,
      })),
    );
    await configureWorld(world, { processPerVm: true });
    return world;
  }

  // Those that mostly wait stand between those that mostly work.
  const stories = createStories({
    cluster,
    booting,
    timeLimit,
    failing,
    wrongPassword,
    passwords,
    destroyed,
    killed: () => configureAcrossKills(bed()),
    recipes,
    externalHost,
    bastions,
  });

  it('1: a public VM is configured; the log has the lines of §13.4 in order and the task; hosts file, host name and files are there', async () => {
    const { front, created } = await stories.get('cluster');
    expect(created.results[0], created.logs.get(0)).to.equal(true);
    expect(created.lines.filter((line) => FIRST_RUN_LINES.includes(line))).to.deep.equal(FIRST_RUN_LINES);
    const log = created.logs.get(0) ?? '';
    const tasks = [...log.matchAll(/^Launch task: (.*)$/gm)].map(([, name]) => name);
    expect(tasks).to.deep.equal(['basic', 'main_front', 'front_front']);
    expect(log).to.contain('"msg": "front of 2"');
    expect(log.match(/^Process finished$/gm)).to.have.length(3);
    expect(log).to.contain('Task front_front finished successfully\nProcess finished\n');
    expect(await front.run('hostname; cat /opt/secret')).to.equal('front-0.localdomain\nmade-on-the-front-end');
    expect(created.hosts).to.contain(`${front.ip} front-0.localdomain front-0`);
  });

  it('2: private VMs are configured through the public one; the inventory is that of §9.1', async () => {
    const { first, created } = await stories.get('cluster');
    expect(created.results).to.deep.equal({ 0: true, 1: true, 2: true });
    expect(created.inventory).to.contain('ansible_connection: local').and.to.contain(`${first.ip}_1:`);
    expect(created.inventory)
      .to.match(/allnowindows:/)
      .and.to.match(/IM_WN_NUM_VMS: '2'/);
  });

  it('3: a VM that fails in step 1 is unconfigured and runs nothing more; the others go on', async () => {
    const { world, outcome, ran } = await stories.get('failing');
    expect(outcome.isInfrastructureConfigured).to.equal(true);
    expect(resultsOf(world), logsOf(world)).to.deep.equal({ 0: true, 1: false, 2: true });
    expect(ran.map((text) => text.trim())).to.deep.equal(['a b c', 'a', 'a a b c']);
    expect(world.lines).to.contain('VM 1: step 4 (a_node) failed; not run: b_node, c_node');
    expect(world.logs.get(1)).to.contain('ERROR executing playbook (1/1)\nERROR executing task a_node: (1/2)\n');
    expect(world.logs.get(2)).to.contain('ERROR executing task a_node: (1/2)\nSleeping 5 secs.\nLaunch task: a_node\n');
    const report = world.lines.at(-1) ?? '';
    expect(report).to.match(/^Failure report: 1 failure\.\n/);
    expect(report).to.match(
      /VM 1 \(\S+_1\): running the recipes, step 4, a_node, task "break"\n +non-zero return code\n +last words/,
    );
  });

  it('4: `become: yes` in a recipe works', async () => {
    const { created } = await stories.get('cluster');
    expect(created.fromFront).to.match(/^made-on-the-front-end/);
  });

  it('5: passwords and a sudo that asks work on public and private VMs; the password is the new one', async () => {
    const { world, shadows } = await stories.get('passwords');
    expect(resultsOf(world), logsOf(world)).to.deep.equal({ 0: true, 1: true });
    for (const vm of world.vms) {
      const features = vm.info.systems[0]?.features;
      expect(features?.getText('disk.0.os.credentials.password')).to.equal(NEW_PASSWORD);
      expect(features?.has('disk.0.os.credentials.new.password')).to.equal(false);
    }
    for (const shadow of shadows) expect(shadow).to.match(/^\$/);
    // A run with the old one is refused, with the new one it goes.
    await configureWorld(world);
    expect(resultsOf(world), logsOf(world)).to.deep.equal({ 0: true, 1: true });
  });

  it('6: a wrong password ends the run with the text of §5.4 and no further stage', async () => {
    const { world, node, outcome } = await stories.get('wrongPassword');
    expect(outcome.isInfrastructureConfigured).to.equal(false);
    expect(resultsOf(world)).to.deep.equal({ 0: false });
    expect(lastLine(world)).to.equal(
      `Contextualization Error: Error Waiting the Master VM to have the SSH active: Error connecting with ip: ${node.ip} incorrect credentials.`,
    );
    expect(world.lines.at(-1)).to.contain('the infrastructure: preparing the master').and.to.contain('Hint: ');
  });

  it('7: VMs whose port 22 opens late are waited for', async () => {
    const world = await stories.get('booting');
    expect(resultsOf(world), logsOf(world)).to.deep.equal({ 0: true, 1: true });
    const waits = world.lines.filter((line) => line.startsWith('Waiting for VM'));
    expect(waits.map((line) => line.slice(0, 16)).sort()).to.deep.equal(['Waiting for VM 0', 'Waiting for VM 1']);
  });

  it('8: at the time limit the run ends, and no process is left on the nodes', async () => {
    const { world, left } = await stories.get('timeLimit');
    expect(world.lines).to.contain('ERROR: Max contextualization time passed.');
    expect(resultsOf(world)).to.deep.equal({ 0: false, 1: false });
    expect(world.lines.at(-1)).to.contain('until the time limit');
    expect(left).to.deep.equal(['', '']);
  });

  it('9: a destroy in the middle ends the run at once, and no process is left', async () => {
    const { code, isLeftRunning, left } = await stories.get('destroyed');
    expect(code).to.equal('cancelled');
    expect(isLeftRunning, 'a daemon that only stops leaves them running').to.equal(true);
    expect(left).to.deep.equal(['', '']);
  });

  it('10: after `kill -9` of the daemon the run goes on: each task runs once, no log line is lost', async () => {
    const { state, front, worker } = await stories.get('killed');
    expect(state.outcome).to.equal(true);
    expect(Object.fromEntries(state.results)).to.deep.equal({ 0: true, 1: true });
    expect(await front.run('cat /opt/begun')).to.equal('0\nlast');
    expect(await worker.run('cat /opt/begun')).to.equal('1');
    const logs = new Map(state.logs);
    for (const [vm, task] of [
      [0, 'front_front'],
      [1, 'wn_wn'],
    ] as const) {
      const log = logs.get(vm) ?? '';
      for (const text of [
        'Launch task: basic\n',
        `Launch task: ${task}\n`,
        '"msg": "before-the-kill"',
        '"msg": "after-the-kill"',
        `Task ${task} finished successfully\n`,
      ]) {
        expect(log.split(text).length - 1, `${text} in ${log}`).to.equal(1);
      }
    }
    const fixed = state.lines.filter((line) => /^(Select|Wait|Creating|Configure|Copying)/.test(line));
    expect(new Set(fixed).size).to.equal(fixed.length);
  });

  it('11: added and removed VMs change counts, groups and hosts files everywhere, without a new master or runtime', async () => {
    const { late, added, removed } = await stories.get('cluster');
    expect(added.results).to.deep.equal({ 0: true, 1: true, 2: true, 3: true });
    expect(added.lines).to.contain('Copying YAML, hosts and inventory files.');
    expect(added.lines.filter((line) => /Select|Wait master|Configure Ansible/.test(line))).to.deep.equal([]);
    expect(added.logs.get(0)).to.contain('"msg": "front of 3"');
    expect(added.hosts).to.contain(`${late.ip} wn-3.localdomain wn-3`);
    expect(added.fromFront).to.contain(' 3 ');
    expect(removed.results).to.deep.equal({ 0: true, 1: true, 2: true });
    expect(removed.logs.get(0)).to.contain('"msg": "front of 2"');
    expect(removed.hosts).to.contain('wn-2').and.not.to.contain('wn-3');
    expect(removed.fromFront).to.contain(' 2 ');
    expect(removed.inventory).not.to.contain('_3:');
  });

  it('12: encrypted recipes work with the right password, and end the run early without it', async () => {
    const { right, wrong, none } = await stories.get('recipes');
    expect(resultsOf(right.world), logsOf(right.world)).to.deep.equal({ 0: true });
    expect(right.world.logs.get(0)).to.contain('"msg": "from-the-vault"');
    for (const { world, isInfrastructureConfigured } of [wrong, none]) {
      expect(isInfrastructureConfigured).to.equal(false);
      expect(lastLine(world)).to.equal(
        'Error generating playbooks: Decryption failed (no vault secrets were found that could decrypt)',
      );
      expect(world.lines.at(-1)).to.contain('making the playbooks').and.to.contain('Hint: ');
    }
  });

  it('13: an external Ansible host configures private VMs', async () => {
    const { world, control, fqdn } = await stories.get('externalHost');
    expect(resultsOf(world), logsOf(world)).to.deep.equal({ 0: true });
    expect(fqdn).to.equal(`${control.ip}.`);
    expect(world.lines).not.to.contain('Select master VM');
  });

  it('14: bastions with a key and with a password work, for the master too; one process per VM', async () => {
    const world = await stories.get('bastions');
    expect(resultsOf(world), logsOf(world)).to.deep.equal({ 0: true, 1: true });
  });

  it('16: without anything to configure the texts and states are those of §2', async () => {
    const { disabled, empty } = await stories.get('recipes');
    for (const { world } of [disabled, empty]) {
      expect(resultsOf(world)).to.deep.equal({ 0: true });
      expect(world.lines).to.contain('plain:Contextualization disabled by the RADL/TOSCA template.\n\n');
    }
  });

  it('17: a lookup of a file that an earlier task made on the front-end works, and the body of another configure can be included', async () => {
    const { first, created } = await stories.get('cluster');
    expect(created.fromFront).to.equal('made-on-the-front-end 2 front-0');
    expect(await first.run('cat /opt/included')).to.equal('1');
  });

  it('18: recipes that are no list of plays, or no YAML, fail with the texts of §11.3', async () => {
    const { noList, noYaml } = await stories.get('recipes');
    expect(noList.isInfrastructureConfigured).to.equal(true);
    expect(resultsOf(noList.world)).to.deep.equal({ 0: false });
    expect(noList.world.logs.get(0)).to.contain('A playbook must contain at least one play');
    expect(noYaml.isInfrastructureConfigured).to.equal(false);
    expect(lastLine(noYaml.world)).to.match(/^Error generating playbooks: /);
    expect(resultsOf(noYaml.world)).to.deep.equal({ 0: false });
  });

  it('19: no secret is in command lines, environments or files of a node, during a run and after it', async () => {
    const { spied, found } = await stories.get('passwords');
    for (const text of spied) {
      expect(text).to.contain('ansible');
      for (const secret of [NEW_PASSWORD, NODE_PASSWORD, VAULT_PASSWORD]) expect(text).not.to.contain(secret);
    }
    expect(found).to.deep.equal(['', '']);
    const { fileModes } = await stories.get('cluster');
    expect(fileModes).to.equal('700');
  });

  it('20: without DNS nothing waits: the hosts file is written before the host name is set', async () => {
    const { created } = await stories.get('cluster');
    expect(created.logs.get(0)).to.match(/Hosts file: changed\n(?:.*\n)*Host name: changed/);
    expect(created.hosts).to.contain('wn-1.localdomain wn-1');
  });

  // The last one, alone: what it measures must not be shared with others.
  it('15: thirty VMs need less than 400 MiB of the master', async () => {
    await stories.settled();
    const { world, peakMib } = await configureThirty(bed());
    expect(Object.values(resultsOf(world)).filter(Boolean), world.lines.join('\n')).to.have.length(30);
    expect(peakMib).to.be.within(30, 400);
  });
});
