// SPDX-License-Identifier: Apache-2.0
// Stop and start of the daemon in the middle of things, gently and by kill -9: nothing changes but the time it takes.
import { expect } from 'chai';
import { linesOf, type RestUser, TestDaemon, userLine } from '../support/daemon.js';
import { DOCKER_LINE, execIn, hasFile, machineOf, machinesOf, sweep } from '../support/docker-cloud.js';
import { needPeers } from '../support/peers.js';
import { until } from '../support/waiting.js';
import { appends, cluster, recipe, waitsFor } from './documents.js';

/** SIGTERM must be done with by then: service managers and containers kill soon after. */
const LONGEST_STOP_MS = 10_000;

/** Each VM counts its runs, waits for the test, and counts again. */
const GATED = cluster(
  ['front', 'wn']
    .map((system) => recipe(system, [appends('/var/first'), waitsFor('/var/gate'), appends('/var/second')].join('\n')))
    .join(''),
  { front: 1, wn: 1 },
);

const VMS = ['0', '1'];

describe('a daemon that is stopped and started again', () => {
  const ids: string[] = [];
  let daemon: TestDaemon;
  let ana: RestUser;

  before(async function () {
    await needPeers(this, 'node image', 'ansible');
  });
  beforeEach(async () => {
    // One machine after another and hardly any grace: the stop comes in the middle. One try: what is cut off must not count as failed.
    daemon = await TestDaemon.start({ MAX_SIMULTANEOUS_LAUNCHES: 1, MAX_VM_FAILS: 1, SHUTDOWN_GRACE_SECONDS: 1 });
    ana = daemon.user(userLine('ana'), DOCKER_LINE);
  });
  afterEach(async () => {
    await daemon.remove();
    await sweep(ids);
  });

  const create = async (document: string): Promise<string> => {
    const id = await ana.create(document);
    ids.push(id);
    return id;
  };
  const inAll = async (id: string, command: string): Promise<readonly string[]> =>
    Promise.all(VMS.map(async (vm) => execIn((await machineOf(id, vm)).id, command)));
  const allHave = async (id: string, path: string): Promise<boolean> => {
    const machines = (await machinesOf(id)).filter(({ state }) => state === 'running');
    const has = await Promise.all(machines.map((machine) => hasFile(machine.id, path)));
    return has.length === VMS.length && has.every(Boolean);
  };
  const reachGate = (id: string): Promise<void> => until(() => allHave(id, '/var/first'), 'the first task', 120_000);
  const destroy = async (id: string): Promise<void> => {
    const answer = await ana.delete(`/infrastructures/${id}`);
    expect([answer.status, answer.text]).to.deep.equal([200, '']);
    expect(await machinesOf(id)).to.deep.equal([]);
  };
  const expectOneRunEach = async (id: string): Promise<void> => {
    expect(await inAll(id, 'cat /var/first /var/second')).to.deep.equal(['ran\nran\n', 'ran\nran\n']);
    const { text } = await ana.get(`/infrastructures/${id}/contmsg`);
    for (const task of ['TASK [Append to /var/first]', 'TASK [Append to /var/second]']) {
      expect(text.split(task).length - 1, `${task} in the log`).to.equal(VMS.length);
    }
  };

  it('goes on with a launch where it stopped', async () => {
    const wanted = 8;
    const document = cluster('contextualize ()\n', { front: 1, wn: wanted - 1 });
    const waiting = ana.post('/infrastructures', document);
    let id = '';
    await until(async () => {
      id =
        linesOf((await ana.get('/infrastructures')).text)[0]
          ?.split('/')
          .at(-1) ?? '';
      return id !== '' && (await machinesOf(id)).length > 1;
    }, 'the second machine');
    ids.push(id);
    expect(await daemon.stop('SIGTERM', LONGEST_STOP_MS)).to.deep.equal({ code: 0, signal: null });

    const told = await waiting;
    expect(told.status, told.text).to.equal(503);
    expect(told.headers.get('Retry-After')).to.match(/^\d+$/);
    expect(told.text).to.match(/^Error Creating Inf\.: The daemon is stopping\. The operation \S+ is recorded/);
    const before = await machinesOf(id);
    expect(before.length, 'machines at the stop').to.be.within(1, wanted);

    await daemon.start();
    const words = await ana.reaches(id, 'configured');
    expect(Object.keys(words.vms)).to.have.length(wanted);
    const after = await machinesOf(id);
    expect(after.map(({ vm }) => vm)).to.deep.equal(Object.keys(words.vms));
    expect(new Set(after.map(({ token }) => token)).size).to.equal(wanted);
    expect(after.map((machine) => machine.id)).to.include.members(before.map((machine) => machine.id));
    await destroy(id);
  });

  it('re-attaches to a configuration after SIGTERM', async () => {
    const id = await create(GATED);
    await reachGate(id);
    expect(await daemon.stop('SIGTERM', LONGEST_STOP_MS)).to.deep.equal({ code: 0, signal: null });
    await daemon.start();
    expect((await ana.state(id)).state).to.equal('running');
    await inAll(id, 'touch /var/gate');
    await ana.reaches(id, 'configured');
    await expectOneRunEach(id);
    await destroy(id);
  });

  it('survives kill -9 at several moments of a configuration, and no task runs twice', async () => {
    const id = await create(GATED);
    const crash = async (): Promise<void> => {
      expect(await daemon.stop('SIGKILL')).to.deep.equal({ code: null, signal: 'SIGKILL' });
      await daemon.start();
    };
    const logHas = (text: string): Promise<void> =>
      until(async () => (await ana.get(`/infrastructures/${id}/contmsg`)).text.includes(text), text, 120_000);
    await logHas('Wait master VM to boot');
    await crash();
    await logHas('Configure Ansible in the master VM.');
    await crash();
    await logHas('begins.');
    await crash();
    await reachGate(id);
    await crash();
    // While there is no daemon the machines go on; what they did is found afterwards.
    await daemon.stop('SIGKILL');
    await inAll(id, 'touch /var/gate');
    await until(() => allHave(id, '/var/second'), 'the last task', 60_000);
    await daemon.start();
    await ana.reaches(id, 'configured');
    await expectOneRunEach(id);
    await destroy(id);
  });
});
