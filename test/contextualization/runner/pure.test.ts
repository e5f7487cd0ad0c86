// SPDX-License-Identifier: Apache-2.0
// The parts of the runner that need no machine: progress, lines, tables, settings, addresses.
import { expect } from 'chai';
import fc from 'fast-check';
import type { ConfigurationPlan, PlannedTask } from '../../../src/contextualization/contract.js';
import { connectionInventory, limitPatterns } from '../../../src/contextualization/runner/ansible-config.js';
import { createLineSplitter } from '../../../src/contextualization/runner/line-splitter.js';
import {
  createProgressKeeper,
  freshProgress,
  parseProgress,
  progressToJson,
  type RunProgress,
} from '../../../src/contextualization/runner/progress.js';
import { runMark, taskKey } from '../../../src/contextualization/runner/remote-layout.js';
import { forksOf, resourcesFor } from '../../../src/contextualization/runner/resources.js';
import { createTaskTable } from '../../../src/contextualization/runner/task-table.js';
import { directEndpoints, innerEndpoints, loginOf, proxyOf } from '../../../src/contextualization/runner/vm-access.js';
import { parseRadl } from '../../../src/radl/index.js';
import { loadYaml } from '../../../src/yaml.js';

describe('the line splitter', () => {
  it('gives the same lines and offsets however the bytes are cut', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme' })), fc.array(fc.nat(20)), (texts, cuts) => {
        const bytes = Buffer.from(texts.join('\n'));
        const splitter = createLineSplitter(100);
        const lines = [];
        let from = 0;
        for (const cut of cuts) {
          lines.push(...splitter.push(bytes.subarray(from, from + cut)));
          from += cut;
        }
        lines.push(...splitter.push(bytes.subarray(from)), ...splitter.flush());
        const expected = bytes.toString('utf8').split('\n');
        if (expected.at(-1) === '') expected.pop();
        expect(lines.map(({ text }) => text)).to.deep.equal(expected);
        expect(lines.at(-1)?.end ?? 100).to.equal(100 + bytes.length);
      }),
    );
  });

  it('cuts lines that have no end, and says so', () => {
    const splitter = createLineSplitter(0, 10);
    expect(splitter.push(Buffer.alloc(25, 'x'))).to.deep.equal([]);
    const [line] = splitter.push(Buffer.from('yy\nnext\n'));
    expect(line).to.deep.equal({ text: 'xxxxxxxxxx[... 17 bytes left out ...]', end: 28 });
    expect(splitter.position).to.equal(33);
  });
});

describe('the progress of a run', () => {
  const progress: RunProgress = {
    runId: 'r1',
    phase: 'steps',
    logged: ['Select master VM'],
    runtimes: new Map([['', { path: '/x', collections: ['/c'] }]]),
    timeZoneOffsetMinutes: 60,
    freeMib: 900,
    selfConfigured: [3],
    connections: new Map([
      [3, { user: 'u', route: { host: '10.0.0.1', port: 22 }, needsPassword: true, python: '/usr/bin/python3' }],
    ]),
    failedVms: [4],
    finishedVms: new Set([4, 6]),
    endedTasks: ['2-0-main_x'],
    runningTasks: new Map([['3-0-x', { attempt: 2, offset: 17, vms: [3], ok: [5], failed: [4] }]]),
    failures: [
      {
        phase: 'step',
        step: 4,
        vm: 4,
        task: 'a_x',
        recipeTask: 'do',
        host: '10.0.0.2_4',
        lines: ['bad'],
        hint: 'mend it',
      },
      { phase: 'content', lines: [] },
    ],
    failuresLeftOut: 2,
  };

  it('comes back from JSON as it was', () => {
    expect(parseProgress(JSON.parse(JSON.stringify(progressToJson(progress))), 'r1')).to.deep.equal(progress);
  });

  it('of another run, or of a form that is not ours, is the beginning', () => {
    for (const saved of [progressToJson(progress), {}, { runId: 'r2', phase: 'unknown' }]) {
      expect(parseProgress(saved, 'r2')).to.deep.equal(freshProgress('r2'));
    }
  });

  it('is saved one at a time; changes during a save go out together; each update ends when it is durable', async () => {
    const saved: number[] = [];
    let release: (() => void)[] = [];
    const keeper = createProgressKeeper(freshProgress('r'), {
      saveProgress: (json) => {
        saved.push(Array.isArray(json.failedVms) ? json.failedVms.length : -1);
        return new Promise((resolve) => release.push(resolve));
      },
    });
    const add = (vm: number) => keeper.update(({ failedVms }) => ({ failedVms: [...failedVms, vm] }));
    const done: number[] = [];
    const updates = [1, 2, 3].map(async (vm) => {
      await add(vm);
      done.push(vm);
    });
    const settle = async () => {
      for (const resolve of release.splice(0)) resolve();
      for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
    };
    await settle();
    await settle();
    await settle();
    await Promise.all(updates);
    expect(saved.at(-1)).to.equal(3);
    expect(saved.length).to.be.lessThan(3);
    expect(done).to.have.members([1, 2, 3]);
    release = [];
  });

  it('reports a failed save to whoever waited for it, and goes on', async () => {
    let isBroken = true;
    const keeper = createProgressKeeper(freshProgress('r'), {
      saveProgress: async () => {
        if (isBroken) throw new Error('database is locked');
      },
    });
    const error = await keeper
      .update(() => ({ failedVms: [1] }))
      .then(
        () => undefined,
        (reason: Error) => reason,
      );
    expect(error?.message).to.equal('database is locked');
    isBroken = false;
    await keeper.update(() => ({ runtimes: new Map([['', { path: '/x', collections: ['/c'] }]]) }));
    expect(keeper.current.failedVms).to.deep.equal([1]);
  });
});

describe('the table of tasks', () => {
  const task = (name: string, vms: readonly number[]): PlannedTask => ({
    name,
    systemName: 's',
    playbook: `${name}.yml`,
    vms,
  });
  const plan: ConfigurationPlan = {
    files: [],
    etcHosts: '',
    hostNames: new Map(),
    bootstrap: [],
    windows: [],
    playbookTexts: [],
    steps: [
      { number: 4, tasks: [task('b', [0, 1]), task('c', [1])] },
      { number: 2, tasks: [task('main', [0, 1])] },
    ],
    roles: [],
    collections: [],
    warnings: [],
    leftOut: new Map(),
  };
  const table = createTaskTable(plan);

  it('knows what comes for each VM, in the order of the steps', () => {
    expect(table.steps.map(({ number }) => number)).to.deep.equal([2, 4]);
    expect(table.ofVm(1).map((entry) => entry.task.name)).to.deep.equal(['main', 'b', 'c']);
    const [main, b, c] = table.ofVm(1);
    if (!main || !b || !c) throw new Error('three tasks');
    expect(table.namesAfter(main, 1)).to.deep.equal(['b', 'c']);
    expect(table.namesAfter(main, 0)).to.deep.equal(['b']);
    expect([table.isFirstOfStep(b, 1), table.isLastOfStep(b, 1), table.isLastOfStep(b, 0)]).to.deep.equal([
      true,
      false,
      true,
    ]);
    expect([table.isLast(b, 0), table.isLast(b, 1), table.isLast(c, 1)]).to.deep.equal([true, false, true]);
  });

  it('names tasks and runs so that no name leaves its directory', () => {
    expect(taskKey(3, task('../../etc/x y', [7]))).to.equal('3-7-.._.._etc_x_y');
    expect(runMark('inf/../x', 'run id')).to.equal('inf_.._x.run_id');
  });
});

describe('the connection inventory', () => {
  const connection = (needsPassword: boolean, python = '/usr/bin/python3') => ({
    user: 'u',
    route: { host: 'h', port: 22 },
    needsPassword,
    python,
  });
  const hostNames = new Map([
    [0, 'a_0'],
    [1, 'b_1'],
    [2, 'c_2'],
  ]);

  it('holds passwords only of machines whose sudo asks', () => {
    const connections = new Map([
      [0, connection(false)],
      [1, connection(true)],
      [2, connection(false, '/opt/python')],
    ]);
    const passwords = new Map([
      [0, 'zero'],
      [1, `o"n'e: #`],
    ]);
    expect(loadYaml(connectionInventory(hostNames, connections, passwords, 0, '/d'))).to.deep.equal({
      all: {
        hosts: {
          a_0: {},
          b_1: { ansible_become_password: `o"n'e: #` },
          c_2: { ansible_python_interpreter: '/opt/python' },
        },
      },
    });
  });

  it('gives the password of the control node to delegated tasks, and to no other machine', () => {
    const connections = new Map([
      [0, connection(true)],
      [1, connection(false)],
      [2, connection(true)],
    ]);
    const passwords = new Map([
      [0, 'zero'],
      [2, 'two'],
    ]);
    expect(loadYaml(connectionInventory(hostNames, connections, passwords, 0, '/d'))).to.deep.equal({
      all: {
        hosts: {
          a_0: { ansible_become_password: 'zero' },
          b_1: { ansible_become_password: '' },
          c_2: { ansible_become_password: 'two' },
        },
        vars: { ansible_become_password: 'zero' },
      },
    });
  });

  it('makes the VM that configures itself local, and the master one to be reached', () => {
    const connections = new Map([
      [0, connection(true)],
      [1, connection(true)],
    ]);
    const passwords = new Map([
      [0, 'zero'],
      [1, 'one'],
    ]);
    expect(loadYaml(connectionInventory(hostNames, connections, passwords, 0, '/d', 1))).to.deep.equal({
      all: {
        hosts: {
          a_0: { ansible_connection: 'ssh', ansible_become_password: 'zero' },
          b_1: { ansible_connection: 'local', ansible_become_password: 'one' },
          c_2: { ansible_become_password: '' },
        },
        vars: { ansible_become_password: 'one' },
      },
    });
  });

  it('writes the limit as patterns', () => {
    expect(limitPatterns(['a_0', 'b_1'])).to.equal('all\n!a_0\n!b_1');
  });
});

describe('processes and forks of a step', () => {
  it('follow the free memory of the control node', () => {
    expect(resourcesFor(undefined, false)).to.deep.equal({ processes: 8, forks: 10 });
    expect(resourcesFor(100_000, true)).to.deep.equal({ processes: 20, forks: 20 });
    expect(resourcesFor(700, false)).to.deep.equal({ processes: 5, forks: 7 });
    expect(resourcesFor(50, false)).to.deep.equal({ processes: 1, forks: 1 });
    for (const freeMib of [200, 400, 1000, 1500]) {
      const { processes, forks } = resourcesFor(freeMib, false);
      expect(processes * 70 + forks * 10, `${freeMib} MiB`).to.be.at.most(freeMib * 0.6 + 10);
    }
  });

  it('are shared by the hosts of all processes that run beside each other', () => {
    expect(forksOf(20, 1, 1)).to.equal(1);
    expect(forksOf(20, 500, 500)).to.equal(20);
    expect([forksOf(20, 1, 30), forksOf(20, 29, 30)]).to.deep.equal([1, 19]);
    expect(forksOf(20, 0, 0)).to.equal(1);
  });
});

describe('the ways to a VM', () => {
  const vm = (networks: string, properties: string) => {
    const info = parseRadl(`${networks}\nsystem s (\n${properties}\n)`);
    return {
      number: 0,
      systemName: 's',
      cloudType: 'X',
      cloudServer: '',
      providerId: 'p',
      cloudState: 'running' as const,
      isDeleting: false,
      isExistingHost: false,
      info,
      requested: info,
    };
  };

  it('are the public address for us, and private before public for the master, with and without the mapped port', () => {
    const both = vm(
      `network pub (outbound = 'yes' and outports = '1022-22')\nnetwork priv (outbound = 'no')`,
      `net_interface.0.connection = 'pub' and net_interface.0.ip = '198.51.100.7' and net_interface.1.connection = 'priv' and net_interface.1.ip = '10.0.0.7'`,
    );
    expect(directEndpoints(both)).to.deep.equal([
      { host: '198.51.100.7', port: 1022 },
      { host: '198.51.100.7', port: 22 },
    ]);
    expect(innerEndpoints(both)).to.deep.equal([
      { host: '10.0.0.7', port: 1022 },
      { host: '10.0.0.7', port: 22 },
      { host: '198.51.100.7', port: 1022 },
      { host: '198.51.100.7', port: 22 },
    ]);
  });

  it('leave out what is no address', () => {
    const hostile = vm(
      `network pub (outbound = 'yes')`,
      `net_interface.0.connection = 'pub' and net_interface.0.ip = '-oProxyCommand=x'`,
    );
    expect(directEndpoints(hostile)).to.deep.equal([]);
  });

  it('name the bastion of the first network that has one', () => {
    const private_ = vm(
      `network priv (outbound = 'no' and proxy_host = 'joe:pw@192.0.2.1:2222' and proxy_key = 'KEY')`,
      `net_interface.0.connection = 'priv' and net_interface.0.ip = '10.0.0.7'`,
    );
    expect(proxyOf(private_)).to.deep.equal({
      username: 'joe',
      password: 'pw',
      host: '192.0.2.1',
      port: 2222,
      privateKey: 'KEY',
    });
  });

  it('try the current credentials, then those to be set, then the key of the infrastructure', () => {
    const machine = vm(
      '',
      `disk.0.os.credentials.username = 'u' and disk.0.os.credentials.password = 'old' and disk.0.os.credentials.new.password = 'new'`,
    );
    const login = loginOf(machine, 'KEY');
    expect(login.username).to.equal('u');
    expect(login.credentials).to.deep.equal([
      { kind: 'password', password: 'old' },
      { kind: 'password', password: 'new' },
      { kind: 'key', privateKey: 'KEY' },
    ]);
  });
});
