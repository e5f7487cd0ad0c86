// SPDX-License-Identifier: Apache-2.0
// Launches on Docker that are interrupted at each call that changes something: nothing twice, nothing forgotten.
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import type { CloudConnector } from '../../../src/connectors/index.js';
import { printRadl } from '../../../src/radl/index.js';
import {
  type Launched,
  launchAll,
  launchRequest,
  type MemoryLedger,
  memoryLedger,
  never,
  vmReference,
} from '../support.js';
import {
  connectDocker,
  containersOf,
  docker,
  inspect,
  leftoversOf,
  NODE_IMAGE,
  requireEngine,
  sweep,
} from './engine.js';
import { type EngineProxy, openProxy, type Treatment } from './engine-proxy.js';

const RADL = `network pub (outbound = 'yes')
network priv (outbound = 'no')
system node (
  net_interface.0.connection = 'pub' and net_interface.1.connection = 'priv' and
  disk.0.image.url = 'docker://${NODE_IMAGE}' and disk.1.mount_path = '/data' and docker.privileged = 'no'
)`;

/** Calls of a launch that change something, in their order. */
const STEPS = ['/networks/create', '/volumes/create', '/containers/create', '/connect', '/archive', '/start'] as const;

const changes = (method: string): boolean => method !== 'GET';

describe('Docker launches that are interrupted', function () {
  this.timeout(120_000);
  let infrastructureId: string;
  let ledger: MemoryLedger;
  let proxy: EngineProxy | undefined;

  before(function () {
    return requireEngine(this);
  });

  beforeEach(() => {
    infrastructureId = randomUUID();
    ledger = memoryLedger(infrastructureId, connectDocker().cloud);
  });

  afterEach(async () => {
    await proxy?.close();
    proxy = undefined;
    await sweep(infrastructureId);
  });

  const request = (connector: CloudConnector, radl = RADL) =>
    launchRequest({ connector, radl, infrastructureId, resources: ledger });

  /** A connector whose engine treats the step in a special way, and every later change as well when it `dies`. */
  const brokenAt = async (step: string, treatment: Treatment, dies: boolean): Promise<CloudConnector> => {
    let isBroken = false;
    proxy = await openProxy((method, path) => {
      if (isBroken) return dies ? 'refuse' : 'pass';
      if (!changes(method) || !path.split('?')[0]!.endsWith(step)) return 'pass';
      isBroken = true;
      return treatment;
    });
    return connectDocker({ path: String(proxy.address) });
  };

  /** What the daemon does after a crash: adopt what is there, launch again with the same token otherwise. */
  const recover = async (): Promise<Launched> => {
    const connector = connectDocker();
    const again = await request(connector);
    const [found] = await connector.findByToken([again.vms[0]!.token], infrastructureId, never);
    const outcome = found === undefined ? (await launchAll(connector, again))[0]! : await connector.adopt(again, found);
    if (!outcome.ok) throw new Error(outcome.message);
    return outcome;
  };

  const destroy = async (launched: Launched): Promise<void> => {
    const connector = connectDocker();
    await connector.destroy(vmReference(await request(connector), launched), never);
    for (const resource of ledger.resources) await connector.destroyResource!(resource, never);
    expect(await leftoversOf(infrastructureId)).to.deep.equal([]);
  };

  for (const step of STEPS) {
    for (const treatment of ['refuse', 'pass-but-lose-answer'] as const) {
      const when = treatment === 'refuse' ? 'before' : 'after';

      it(`are completed when the daemon dies ${when} ${step}`, async () => {
        const dying = await brokenAt(step, treatment, true);
        const [lost] = await launchAll(dying, await request(dying));
        expect(lost).to.include({ ok: false });

        const launched = await recover();
        expect(await containersOf(infrastructureId)).to.deep.equal([launched.providerId]);
        expect(launched.cloudState).to.equal('running');
        const { features } = launched.info.systems[0]!;
        const line = `root:${features.getText('disk.0.os.credentials.password')}`;
        expect(await docker('exec', launched.providerId, 'cat', '/etc/im-launch/credentials')).to.equal(line);
        expect(await inspect(launched.providerId, '{{len .NetworkSettings.Networks}} {{len .Mounts}}')).to.equal('2 1');
        await destroy(launched);
      });

      it(`leave nothing of the VM when the engine fails ${when} ${step}`, async () => {
        const failing = await brokenAt(step, treatment, false);
        const [outcome] = await launchAll(failing, await request(failing));
        expect(outcome).to.include({ ok: false }).and.have.property('message').that.contains('broken on purpose');
        expect(await containersOf(infrastructureId)).to.deep.equal([]);
        expect(await docker('volume', 'ls', '-q', '--filter', `label=im.inf=${infrastructureId}`)).to.equal('');
        for (const resource of ledger.resources) await failing.destroyResource!(resource, never);
        expect(await leftoversOf(infrastructureId)).to.deep.equal([]);
      });
    }
  }

  it('are undone when they are called off half-way', async () => {
    const controller = new AbortController();
    proxy = await openProxy((_method, path) => {
      if (path.includes('/start')) controller.abort(new Error('destroyed meanwhile'));
      return 'pass';
    });
    const connector = connectDocker({ path: String(proxy.address) });
    const called = await launchRequest({
      connector,
      radl: RADL,
      infrastructureId,
      resources: ledger,
      signal: controller.signal,
    });
    const outcomes = await launchAll(connector, called);
    expect(outcomes).to.deep.equal([{ number: 0, ok: false, message: 'The launch was cancelled.' }]);
    expect(await containersOf(infrastructureId)).to.deep.equal([]);
  });

  it('ask for privileges only when the document does', async () => {
    // Created and not started: not every engine of a test machine may start privileged containers.
    for (const [number, wanted] of ['no', 'yes'].entries()) {
      const dying = await brokenAt('/start', 'refuse', true);
      const parts = { connector: dying, infrastructureId, resources: ledger, numbers: [number] };
      await launchAll(dying, await launchRequest({ ...parts, radl: RADL.replace("= 'no'\n)", `= '${wanted}'\n)`) }));
      await proxy?.close();
      const name = `im-${infrastructureId}-${number}-0`;
      expect(await inspect(name, '{{.HostConfig.Privileged}}')).to.equal(String(wanted === 'yes'));
    }
    proxy = undefined;
  });

  it('give the same document when an adopted VM is adopted again', async () => {
    const dying = await brokenAt('/start', 'refuse', true);
    await launchAll(dying, await request(dying));
    const first = await recover();
    expect(printRadl((await recover()).info)).to.equal(printRadl(first.info));
  });
});
