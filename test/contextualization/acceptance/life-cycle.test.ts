// SPDX-License-Identifier: Apache-2.0
// What happens around configurations on real nodes: reconfiguration, new credentials, stopped machines, a daemon that stops, a network that
// is cut, an Ansible that is killed (contextualization.md §20).
import { expect } from 'chai';
import { createContextualizer } from '../../../src/contextualization/index.js';
import { poll } from '../../../src/util/deadline.js';
import { silentLogger } from '../../../src/util/logger.js';
import { NODE_PASSWORD, type TestBed, type TestNode } from '../../ssh/support/nodes.js';
import { configureWorld, logsOf, recipe, resultsOf } from '../runner/support/configure-world.js';
import {
  createWorld,
  keyCredentials,
  lastLine,
  makeKey,
  passwordCredentials,
  testSettings,
  type World,
} from '../runner/support/world.js';
import { createStories, tellOnNodes } from './stories.js';

/** Waits for a file, so that it is certainly in the middle when something happens; counts how often it began. */
const GATED = `  - debug: msg=before
  - shell: echo begun >>/opt/begun; while [ ! -e /opt/go ]; do sleep 0.1; done
  - debug: msg=after`;

const count = (log: string | undefined, text: string): number => (log ?? '').split(text).length - 1;

describe('the life of a configured infrastructure', function () {
  this.timeout(1_800_000);
  const bed: () => TestBed = tellOnNodes(() => stories);

  const key = (): readonly string[] => keyCredentials(bed().privateKey);

  const waitFor = (node: TestNode, what: string, command: string): Promise<true> =>
    poll({ timeoutMs: 500_000, intervalMs: 100, what }, async () =>
      (await node.run(`${command} && echo yes || true`)).endsWith('yes') ? true : undefined,
    );
  const begun = (node: TestNode): Promise<true> => waitFor(node, 'the recipe', 'test -e /opt/begun');

  /** One run of a contextualizer of its own, that the story interrupts. */
  function begin(world: World, runId: string) {
    const contextualizer = createContextualizer({ settings: testSettings(), logger: silentLogger, now: Date.now });
    const controller = new AbortController();
    const work = contextualizer.run({
      infrastructureId: 'inf-1',
      runId,
      refreshRoles: false,
      startedAt: Date.now(),
      ports: world.ports,
      signal: controller.signal,
    });
    work.catch(() => {}); // the story looks at it later
    return { contextualizer, controller, work };
  }

  /** Two machines, the second of which is then listed alone, gets new credentials, and another host key. */
  async function reconfigured() {
    const nodes = await Promise.all([
      bed().start(),
      bed().start({ isPrivate: true }),
      bed().start({ isPrivate: true }),
    ]);
    const world = createWorld(
      recipe('node', '  - shell: echo {{ round }} >>/opt/rounds').replace('- tasks:', '- vars: {round: one}\n  tasks:'),
      nodes.map((node, number) => ({ system: 'node', node, isPrivate: number > 0, credentials: key() })),
    );
    await configureWorld(world);
    const first = resultsOf(world);
    world.lines.length = 0;
    world.logs.clear();
    world.results.clear();
    const configure = world.radl.getConfigure('node');
    if (configure) world.radl.add({ ...configure, recipe: (configure.recipe ?? '').replace('one', 'two') }, 'replace');
    const replacement = makeKey();
    const system = world.vms[1]?.info.systems[0];
    system?.features.setText('disk.0.os.credentials.new.private_key', replacement.privateKey);
    system?.features.setText('disk.0.os.credentials.new.public_key', replacement.publicKey);
    world.hostKeys.set(2, 'SHA256:of-another-machine');
    await configureWorld(world, {}, { vmList: [1], refreshRoles: true });
    const rounds = await Promise.all(nodes.map((node) => node.run('tr "\\n" " " </opt/rounds')));
    const keys = await (nodes[1] as TestNode).run('cat /home/imuser/.ssh/authorized_keys');
    return { world, first, rounds: rounds.map((text) => text.trim()), keys, replacement };
  }

  /** A machine whose password an interrupted run has set already, and a user's own one. */
  async function interruptedPassword() {
    const nodes = await Promise.all([
      bed().start({ prepare: `printf 'pwuser:N3w-set\\n' | chpasswd` }),
      bed().start({ isPrivate: true }),
    ]);
    const credentials = [...passwordCredentials(NODE_PASSWORD), `disk.0.os.credentials.new.password = 'N3w-set'`];
    const world = createWorld(recipe('front', '  - debug: msg=x'), [
      { system: 'front', node: nodes[0], credentials },
      { system: 'front', node: nodes[1], isPrivate: true, isExistingHost: true, credentials },
    ]);
    await configureWorld(world);
    return world;
  }

  /** A daemon that stops in a task, and the next one; the network is cut in between. */
  async function stoppedAndCut() {
    const node = await bed().start({ canChangeNetwork: true });
    const world = createWorld(recipe('front', GATED), [{ system: 'front', node, credentials: key() }]);
    const stopped = begin(world, 'run-x');
    await begun(node);
    await poll({ timeoutMs: 500_000, intervalMs: 50, what: 'the log' }, async () =>
      world.logs.get(0)?.includes('"msg": "before"') ? true : undefined,
    );
    stopped.controller.abort();
    await stopped.work.catch(() => {});
    await stopped.contextualizer.close();
    const isWorkingOn = (await node.run('ps -eo args')).includes('/opt/go');

    const next = begin(world, 'run-x');
    const sessions = `ps -eo pid,args | awk '/sshd: imuser/ && !/awk/ { print $1 }'`;
    await waitFor(node, 'the log-in of the second daemon', `test -n "$(${sessions})"`);
    // First nothing comes through, then nobody is there any more: both ends of a real cut.
    await node.run(`ip link set eth0 down; kill -9 $(${sessions}); touch /opt/go`);
    await waitFor(node, 'the end of the task', 'test -e /var/tmp/.im/inf-1/runs/run-x/*front_front.1/exit');
    await node.run('ip link set eth0 up');
    const { isInfrastructureConfigured } = await next.work;
    await next.contextualizer.close();
    return { world, node, isWorkingOn, isInfrastructureConfigured, times: await node.run('cat /opt/begun') };
  }

  /** An Ansible process that dies by a signal, and one whose supervisor dies too. */
  async function killedAnsible() {
    const node = await bed().start();
    const texts: string[] = [];
    let world = createWorld('', [{ system: 'front', node, credentials: key() }]);
    for (const victims of ['ansible-playbook', 'ansible-playbook|python3 -c']) {
      await node.run('rm -f /opt/begun');
      world = createWorld(recipe('front', GATED), [{ system: 'front', node, credentials: key() }]);
      const { work, contextualizer } = begin(world, `run-${texts.length}`);
      await begun(node);
      // Of the two python3 the one that follows for us must live: it has a terminal's end as its parent.
      const list = `ps -eo pid,ppid,args | awk '/${victims}/ && !/awk/ && ($2 == 1 || /ansible-playbook/) { print $1 }'`;
      await node.run(`kill -9 $(${list})`);
      await work;
      await contextualizer.close();
      texts.push(logsOf(world));
    }
    return { texts, results: resultsOf(world) };
  }

  /** A machine that is off in one run and back in the next. */
  async function offAndOn() {
    const nodes = await Promise.all([bed().start(), bed().start({ isPrivate: true, canChangeNetwork: true })]);
    const world = createWorld(
      recipe('node', '  - copy: dest=/opt/seen content="{{ groups[\'node\'] | length }}"'),
      nodes.map((node, number) => ({ system: 'node', node, isPrivate: number > 0, credentials: key() })),
    );
    const setState = (cloudState: 'stopped' | 'running'): void => {
      world.vms = world.vms.map((vm) => (vm.number === 1 ? { ...vm, cloudState } : vm));
    };
    await nodes[1].run('ip link set eth0 down');
    setState('stopped');
    await configureWorld(world);
    const off = { results: resultsOf(world), lines: [...world.lines], seen: await nodes[0].run('cat /opt/seen') };
    await nodes[1].run('ip link set eth0 up');
    setState('running');
    await configureWorld(world);
    const on = { results: resultsOf(world), seen: await nodes[0].run('cat /opt/seen') };
    return { off, on, log: logsOf(world) };
  }

  /** Machines that join one by one, the last one with a changed recipe. */
  async function incremental() {
    const nodes = await Promise.all([
      bed().start(),
      bed().start({ isPrivate: true }),
      bed().start({ isPrivate: true }),
    ]);
    const options = nodes.map((node, number) => ({
      system: 'node',
      node,
      isPrivate: number > 0,
      credentials: key(),
    }));
    const world = createWorld(recipe('node', '  - shell: echo one >>/opt/rounds'), options.slice(0, 1));
    await configureWorld(world, { incremental: true });
    const add = async (vm: number): Promise<World> => {
      world.addVm(options[vm] ?? { system: 'node', credentials: [] });
      world.results.clear();
      await configureWorld(world, { incremental: true }, { isAddition: true });
      return world;
    };
    await add(1);
    const second = { results: resultsOf(world), lines: [...world.lines], hosts: await nodes[0].run('cat /etc/hosts') };
    const configure = world.radl.getConfigure('node');
    if (configure) world.radl.add({ ...configure, recipe: (configure.recipe ?? '').replace('one', 'two') }, 'replace');
    await add(2);
    const rounds = await Promise.all(nodes.map((node) => node.run('tr "\\n" " " </opt/rounds')));
    return { world, second, rounds: rounds.map((text) => text.trim()), third: resultsOf(world) };
  }

  /** More machines than VM_NUM_USE_CTXT_DIST: they run their recipes themselves; one of them asks for the password of sudo. */
  async function selfConfigured() {
    const nodes = await Promise.all([
      bed().start(),
      bed().start({ isPrivate: true }),
      bed().start({ isPrivate: true }),
    ]);
    const world = createWorld(
      `${recipe(
        'node',
        `  - copy: dest=/opt/control content="{{ lookup('pipe', 'hostname') }}"
  - copy: dest=/opt/facts content="{{ groups['node'] | map('extract', hostvars, ['ansible_facts', 'hostname']) | sort | join(' ') }}"
  - include_tasks: extra.yml`,
      )}${recipe('last', `  - command: "false"\n    when: IM_NODE_NUM == '2'`)}configure extra (
@begin
- shell: echo on {{ IM_HOST }} >>/opt/front
  delegate_to: "{{ groups['node'][0] }}"
@end
)
contextualize (
  system node configure node step 1
  system node configure last step 2
)`,
      nodes.map((node, number) => ({
        system: 'node',
        node,
        isPrivate: number > 0,
        credentials: number === 1 ? passwordCredentials(NODE_PASSWORD) : key(),
      })),
    );
    await configureWorld(world, { vmNumUseCtxtDist: 2 });
    const read = (command: string) => Promise.all(nodes.map((node) => node.run(`${command} || true`)));
    return {
      world,
      hostNames: await read('hostname'),
      controls: await read('cat /opt/control'),
      facts: await read('cat /opt/facts'),
      onFront: await nodes[0].run('sort /opt/front'),
    };
  }

  /** The connections break before the master is prepared, gets its runtime and gets its files. */
  async function brokenConnections() {
    const nodes = await Promise.all([bed().start(), bed().start({ isPrivate: true })]);
    const world = createWorld(
      recipe('front', '  - debug: msg=x'),
      nodes.map((node, number) => ({ system: 'front', node, isPrivate: number > 0, credentials: key() })),
    );
    const cuts: string[] = [];
    const cutAt = [
      'Performing preliminary steps to configure Ansible.',
      'Configure Ansible in the master VM.',
      'Copying YAML, hosts and inventory files.',
    ];
    const ports: World['ports'] = {
      ...world.ports,
      logInfrastructure: async (line, form) => {
        await world.ports.logInfrastructure(line, form);
        if (!cutAt.includes(line)) return;
        const killed = await Promise.all(nodes.map((node) => node.run('pkill -9 -c -f "^sshd: imuser" || true')));
        if (Number(killed[0]) > 0) cuts.push(line);
      },
    };
    await configureWorld({ ...world, ports });
    return { world, cuts, cutAt };
  }

  async function withoutRuntime() {
    const node = await bed().start();
    const world = createWorld(recipe('front', '  - debug: msg=x'), [{ system: 'front', node, credentials: key() }]);
    const { isInfrastructureConfigured } = await configureWorld(world, { runtimeBundleDir: '/nowhere' });
    return { world, isInfrastructureConfigured };
  }

  const stories = createStories({
    stoppedAndCut,
    reconfigured,
    killedAnsible,
    offAndOn,
    selfConfigured,
    incremental,
    interruptedPassword,
    withoutRuntime,
    brokenConnections,
  });

  it('reconfigures: listed VMs only run their steps, with the new recipes; all run main; the runtime is looked after', async () => {
    const { world, first, rounds } = await stories.get('reconfigured');
    expect(first).to.deep.equal({ 0: true, 1: true, 2: true });
    expect(rounds).to.deep.equal(['one', 'one two', 'one']);
    expect(world.logs.get(0)).to.contain('Launch task: main_node').and.not.to.contain('node_node');
    expect(world.lines).to.contain('Configure Ansible in the master VM.');
  });

  it('applies new credentials when it reconfigures, and takes them over', async () => {
    const { world, keys, replacement } = await stories.get('reconfigured');
    expect(keys).to.contain(replacement.publicKey.split(' ')[1]);
    const features = world.vms[1]?.info.systems[0]?.features;
    expect(features?.getText('disk.0.os.credentials.private_key')).to.equal(replacement.privateKey);
    expect(features?.has('disk.0.os.credentials.new.private_key')).to.equal(false);
    expect(resultsOf(world)[1]).to.equal(true);
  });

  it('refuses a node whose host key has changed, and says so in the report', async () => {
    const { world } = await stories.get('reconfigured');
    expect(resultsOf(world)).to.deep.equal({ 0: true, 1: true, 2: false });
    expect(world.logs.get(2)).to.contain('shows the host key SHA256:');
    expect(world.lines.at(-1))
      .to.contain('VM 2: preparing the machine, basic')
      .and.to.contain('Another machine answers');
  });

  it('takes over a password that an interrupted run has set already, and never changes that of an existing host', async () => {
    const world = await stories.get('interruptedPassword');
    expect(resultsOf(world), logsOf(world)).to.deep.equal({ 0: true, 1: true });
    const passwords = world.vms.map((vm) => vm.info.systems[0]?.features.getText('disk.0.os.credentials.password'));
    expect(passwords).to.deep.equal(['N3w-set', NODE_PASSWORD]);
  });

  it('goes on after the daemon was stopped and the network was cut: the task runs once, its log is whole', async () => {
    const { world, isWorkingOn, isInfrastructureConfigured, times } = await stories.get('stoppedAndCut');
    expect(isWorkingOn, 'a stopped daemon leaves the task running').to.equal(true);
    expect(isInfrastructureConfigured).to.equal(true);
    expect(resultsOf(world), logsOf(world)).to.deep.equal({ 0: true });
    expect(times).to.equal('begun');
    for (const text of [
      'Launch task: front_front\n',
      '"msg": "before"',
      '"msg": "after"',
      'Task front_front finished',
    ]) {
      expect(count(world.logs.get(0), text), text).to.equal(1);
    }
  });

  it('begins a preparation again when its connection is lost', async () => {
    const { world, cuts, cutAt } = await stories.get('brokenConnections');
    expect(cuts).to.deep.equal(cutAt);
    expect(resultsOf(world), logsOf(world)).to.deep.equal({ 0: true, 1: true });
  });

  it('says how Ansible ended when it was killed', async () => {
    const { texts, results } = await stories.get('killedAnsible');
    expect(texts[0]).to.contain('ERROR: Ansible was ended by signal 9 (SIGKILL).');
    expect(texts[0]).to.contain('ERROR executing task front_front: (1/1)');
    expect(texts[0]).to.match(/Failure report: 1 failure\.[\s\S]*front_front\n +ERROR: Ansible was ended by signal 9/);
    expect(texts[1]).to.contain('ERROR: the Ansible process has gone without a result');
    expect(results).to.deep.equal({ 0: false });
  });

  it('leaves out a machine that is off, and configures it when it is back', async () => {
    const { off, on, log } = await stories.get('offAndOn');
    expect(off.results, log).to.deep.equal({ 0: true, 1: false });
    expect(off.lines).to.contain(
      'WARNING: The VM ID: node-1 is not running, do not include in the contextualization agent.',
    );
    expect(off.seen).to.equal('1');
    expect(on.results, log).to.deep.equal({ 0: true, 1: true });
    expect(on.seen).to.equal('2');
  });

  it('configures only what is new or has changed when machines are added and CTXT_INCREMENTAL is on', async () => {
    const { world, second, third, rounds } = await stories.get('incremental');
    expect(second.results, logsOf(world)).to.deep.equal({ 0: true, 1: true });
    expect(second.lines).to.contain('The recipes of VM 0 have not changed and are not run again.');
    expect(second.hosts).to.contain('node-1.localdomain');
    expect(third).to.deep.equal({ 0: true, 1: true, 2: true });
    expect(rounds).to.deep.equal(['one two', 'one two', 'two']);
  });

  it('lets machines run their recipes themselves when there are more than VM_NUM_USE_CTXT_DIST', async () => {
    const { world, hostNames, controls, facts, onFront } = await stories.get('selfConfigured');
    expect(resultsOf(world), logsOf(world)).to.deep.equal({ 0: true, 1: true, 2: false });
    expect(world.lines.join('\n')).to.contain('2 VMs have runtime and plan and configure themselves');
    expect(controls).to.deep.equal(hostNames);
    for (const text of facts) expect(text).to.equal([...hostNames].sort().join(' '));
    expect(onFront.split('\n')).to.have.length(3);
    expect(world.logs.get(1)).to.contain('Task node_node finished successfully\nProcess finished\n');
    expect(world.lines).to.contain('VM 2: step 5 (last_node) failed');
  });

  it('says what is missing when set-up has not made the runtime', async () => {
    const { world, isInfrastructureConfigured } = await stories.get('withoutRuntime');
    expect(isInfrastructureConfigured).to.equal(false);
    expect(lastLine(world)).to.equal(
      'Error in the ansible installation process: The Ansible runtime bundle is missing: no /nowhere/manifest.json. ' +
        'Make it with: npm run runtime-bundle (or: node --import tsx scripts/runtime-bundle.ts --out /nowhere)',
    );
    expect(resultsOf(world)).to.deep.equal({ 0: false });
  });
});
