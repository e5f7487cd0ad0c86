// SPDX-License-Identifier: Apache-2.0
// Docker nodes as services of a Swarm (docker.md §3.2, §7 number 18), on a private engine.
import { randomUUID } from 'node:crypto';
import { type AddressInfo, createServer } from 'node:net';
import { expect } from 'chai';
import type { CloudConnector, LaunchRequest } from '../../../src/connectors/index.js';
import { printRadl } from '../../../src/radl/index.js';
import { poll } from '../../../src/util/deadline.js';
import {
  failure,
  launchAll,
  launchOk,
  launchRequest,
  type MemoryLedger,
  memoryLedger,
  never,
  vmReference,
} from '../support.js';
import { connectDocker, NODE_IMAGE, requireEngine } from './engine.js';
import { type PrivateSwarm, startSwarm } from './private-swarm.js';

const PRIVATE = `network priv (outbound = 'no')
system node (net_interface.0.connection = 'priv' and disk.0.image.url = 'docker://${NODE_IMAGE}')`;

describe('Docker Swarm', function () {
  this.timeout(120_000);
  let swarm: PrivateSwarm | undefined;
  let connector: CloudConnector;
  let infrastructureId: string;
  let ledger: MemoryLedger;

  before(async function () {
    await requireEngine(this);
    try {
      swarm = await startSwarm();
    } catch (error) {
      if (process.env.IM_TEST_PEERS === 'all') throw error;
      console.warn(`SKIPPED: no private Docker engine for a Swarm can be started: ${String(error)}`);
      this.skip();
    }
  });

  after(() => swarm?.stop());

  beforeEach(() => {
    connector = connectDocker({ path: swarm!.socket });
    infrastructureId = randomUUID();
    ledger = memoryLedger(infrastructureId, connector.cloud);
  });

  const request = (radl: string, numbers: readonly number[] = [0]): Promise<LaunchRequest> =>
    launchRequest({ connector, radl, numbers, infrastructureId, resources: ledger });

  const leftovers = async (): Promise<string> => {
    const filter = ['-q', '--filter', `label=im.inf=${infrastructureId}`];
    const lists = await Promise.all(
      ['service', 'network', 'volume'].map((kind) => swarm!.docker(kind, 'ls', ...filter)),
    );
    return lists.join('');
  };

  it('runs a node as a service with one replica, and removes everything at the end (18)', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    const launching = await request(`network pub (outbound = 'yes' and outports = '${port}-80')
network priv (outbound = 'no')
system node (
  cpu.count = 1 and memory.size = 256M and
  net_interface.0.connection = 'pub' and net_interface.1.connection = 'priv' and
  disk.0.image.url = 'docker://${NODE_IMAGE}' and disk.0.image.name = 'my_image' and disk.1.mount_path = '/data'
)`);
    const [launched] = await launchOk(connector, launching);
    expect(['pending', 'running']).to.include(launched!.cloudState);
    const vm = vmReference(launching, launched!);
    const running = await poll({ timeoutMs: 60_000, intervalMs: 300, what: 'the task' }, async () => {
      const [observed] = await connector.observe([vm], never);
      return observed?.ok === true && observed.cloudState === 'running' ? observed : undefined;
    });
    expect(running).to.not.have.property('reason');
    const spec = JSON.parse(await swarm!.docker('service', 'inspect', launched!.providerId)) as readonly [
      {
        readonly Spec: {
          readonly Name: string;
          readonly Mode: object;
          readonly TaskTemplate: { readonly Resources: object };
        };
      },
    ];
    expect(spec[0].Spec.Name).to.equal(`my-image-${infrastructureId}-0-0`);
    expect(spec[0].Spec.Mode).to.deep.equal({ Replicated: { Replicas: 1 } });
    expect(spec[0].Spec.TaskTemplate.Resources).to.deep.include({
      Limits: { NanoCPUs: 1e9, MemoryBytes: 256_000_000 },
    });
    const { features } = launched!.info.systems[0]!;
    expect(launched!.info.getNetwork('pub')!.features.getText('outports')).to.match(new RegExp(`^\\d+-22,${port}-80$`));
    expect(features.getText('net_interface.1.ip')).to.match(/^\d+\.\d+\.\d+\.\d+$/);
    const container = await swarm!.docker('ps', '-q', '--filter', `label=im.inf=${infrastructureId}`);
    const applied = await poll({ timeoutMs: 20_000, intervalMs: 200, what: 'the bootstrap' }, () =>
      swarm!.docker('exec', container, 'cat', '/etc/im-launch/applied').catch(() => undefined),
    );
    expect(applied).to.equal(`root:${features.getText('disk.0.os.credentials.password')}`);

    // The same launch again, and after a crash: the same service.
    const later = connectDocker({ path: swarm!.socket });
    const [again] = await launchOk(later, launching);
    expect([again!.providerId, printRadl(again!.info)]).to.deep.equal([
      launched!.providerId,
      printRadl(launched!.info),
    ]);
    const [found] = await later.findByToken([launching.vms[0]!.token], infrastructureId, never);
    const adopted = await later.adopt(launching, found!);
    expect(adopted.ok && printRadl(adopted.info)).to.equal(printRadl(launched!.info));

    for (const operation of ['stop', 'start', 'reboot'] as const) {
      expect((await failure(connector[operation]!(vm, never))).message).to.equal('Not supported');
    }

    await connector.destroy(vm, never);
    await connector.destroy(vm, never);
    const [gone] = await connector.observe([vm], never);
    expect(gone).to.include({ ok: true, cloudState: 'off' });
    for (const resource of ledger.resources) await connector.destroyResource!(resource, never);
    expect(await leftovers()).to.equal('');
  });

  it('says why a service does not run', async () => {
    const launching = await request(PRIVATE.replace(NODE_IMAGE, 'localhost:1/no/image:1'));
    const [launched] = await launchOk(connector, launching);
    expect(launched!.cloudState).to.equal('pending');
    const vm = vmReference(launching, launched!);
    const observed = await poll({ timeoutMs: 60_000, intervalMs: 300, what: 'a refused task' }, async () => {
      const [observation] = await connector.observe([vm], never);
      return observation?.ok === true && observation.reason?.includes('No such image') ? observation : undefined;
    });
    expect(observed).to.include({ cloudState: 'pending' });
    await connector.destroy(vm, never);
    for (const resource of ledger.resources) await connector.destroyResource!(resource, never);
    expect(await leftovers()).to.equal('');
  });

  it('launches nothing when a launch is called off', async () => {
    const parts = { connector, radl: PRIVATE, infrastructureId, resources: ledger };
    const outcomes = await launchAll(connector, await launchRequest({ ...parts, signal: AbortSignal.abort() }));
    expect(outcomes.map(({ ok }) => ok)).to.deep.equal([false]);
    expect(await leftovers()).to.equal('');
  });
});
