// SPDX-License-Identifier: Apache-2.0
// im-admin operations: the journal, and that a running daemon obeys what is written into it.
import { expect } from 'chai';
import { parseRadl } from '../../src/radl/index.js';
import type { Store } from '../../src/store/index.js';
import { infrastructure, operation, vm } from '../store/records.js';
import { MemoryCloud } from '../support/memory-cloud.js';
import { callOf, type House, instantContextualizer, startHouse } from '../support/operations-house.js';
import { until } from '../support/waiting.js';
import { AdminHouse } from './admin-house.js';

const ID = '11111111-0000-4000-8000-000000000001';

describe('im-admin operations', () => {
  let house: AdminHouse;

  beforeEach(async () => {
    house = await AdminHouse.make();
  });

  afterEach(() => house.demolish());

  describe('on the journal alone', () => {
    let store: Store;

    beforeEach(async () => {
      store = await house.open();
      await store.commit([
        { kind: 'insert-infrastructure', infrastructure: infrastructure(ID, { nextVmNumber: 1, configured: false }) },
        { kind: 'insert-vm', vm: vm(ID, 0, { configured: false }) },
        { kind: 'insert-operation', operation: operation('add-1', ID, { kind: 'add' }) },
        { kind: 'insert-operation', operation: operation('add-2', ID, { kind: 'add', state: 'running' }) },
        {
          kind: 'insert-operation',
          operation: operation('old', ID, {
            kind: 'configure',
            state: 'failed',
            request: { vmList: [0] },
            error: { code: 'timeout', message: 'It took too long.\nReally.' },
          }),
        },
        { kind: 'insert-operation', operation: operation('bad', ID, { kind: 'add', state: 'failed' }) },
        { kind: 'insert-operation', operation: operation('end', ID, { kind: 'destroy' }) },
      ]);
    });

    const ids = async (...args: readonly string[]): Promise<readonly string[]> => {
      const listed: { id: string }[] = JSON.parse(
        (await house.run('operations', 'list', '--json', ...args)).out[0] ?? '',
      );
      return listed.map(({ id }) => id);
    };

    it('lists unfinished ones, those of an infrastructure, states, and the newest', async () => {
      expect(await ids()).to.deep.equal(['end', 'add-2', 'add-1']);
      expect(await ids(ID)).to.deep.equal(['end', 'bad', 'old', 'add-2', 'add-1']);
      expect(await ids('--state', 'failed,running')).to.deep.equal(['bad', 'old', 'add-2']);
      expect(await ids(ID, '--limit', '1')).to.deep.equal(['end']);
      const { text } = await house.run('operations', 'list', ID, '--limit', '3');
      expect(text).to.contain('It took too long.').and.to.contain('2 older ones are not shown');
      expect((await house.run('operations', 'list', '--state', 'lost')).text).to.contain('--state must be');
      expect((await house.run('operations', 'list', '--limit', '0')).text).to.contain('--limit must be');
    });

    it('shows one, never its request or credentials', async () => {
      const { text } = await house.run('operations', 'show', 'old');
      expect(text).to.contain('timeout: It took too long. | Really.').and.to.contain('deleted at its end');
      const json = (await house.run('operations', 'show', '--json', 'add-1')).text;
      expect(json).not.to.contain('request-secret').and.not.to.contain('cloud-password');
      expect((await house.run('operations', 'show', 'nothing')).text).to.contain('There is no operation nothing');
    });

    it('cancels what is queued and nothing else', async () => {
      expect(await house.run('operations', 'cancel', 'add-1')).to.include({ status: 0 });
      expect(await store.getOperation('add-1')).to.deep.include({
        state: 'cancelled',
        finishedAt: house.now,
        credentials: [],
      });
      expect((await house.run('operations', 'cancel', 'add-1')).text).to.contain('has ended already (cancelled)');
      expect((await house.run('operations', 'cancel', 'add-2')).text).to.contain('running');
      expect((await house.run('operations', 'cancel', 'end')).text).to.contain('a destroy');
    });

    it('cancels also while a daemon is busy with an operation that comes before it', async () => {
      await store.acquireLease(ID, 'a daemon', 30_000);
      expect(await house.run('operations', 'cancel', 'add-1')).to.include({ status: 0 });
    });

    it('repeats configurations, and names the call for the rest', async () => {
      const { status, text } = await house.run('operations', 'retry', 'old');
      expect(status, text).to.equal(0);
      const [newest] = (await store.listOperations({ infrastructureId: ID })).slice(-1);
      expect(newest).to.deep.include({ kind: 'configure', state: 'queued', request: { vmList: [0] }, credentials: [] });
      expect((await store.getVm(ID, 0))?.configured).to.equal(null);
      expect((await house.run('operations', 'retry', 'bad')).text).to.contain(`POST /infrastructures/${ID}`);
      expect((await house.run('operations', 'retry', 'add-1')).text).to.contain('is queued');
    });
  });

  describe('beside a running daemon', () => {
    let daemon: House;
    let cloud: MemoryCloud;

    const DOCUMENT = `system node (disk.0.image.url = 'mem://1')\ndeploy node 1\n`;
    const start = async (contextualizer = instantContextualizer): Promise<void> => {
      await house.configure({ SECRETS_KEY_FILE: `${house.database}.key` });
      daemon = await startHouse({
        types: [cloud.connectorType()],
        directory: house.directory,
        contextualizer,
        settings: { leaseMs: 5000 },
      });
    };

    beforeEach(() => {
      cloud = new MemoryCloud();
    });

    afterEach(() => daemon.stop());

    const operationOf = async (infrastructureId: string, kind: string) =>
      (await daemon.store.listOperations({ infrastructureId })).find((entry) => entry.kind === kind);

    it('keeps a cancelled add from ever being launched', async () => {
      let open: () => void = () => undefined;
      const opened = new Promise<void>((resolve) => {
        open = resolve;
      });
      let isHeld = false;
      cloud.gate = async (call) => {
        if (call === 'launch') {
          isHeld = true;
          await opened;
        }
      };
      await start();
      const created = daemon.manager.createInfrastructure(callOf(), parseRadl(DOCUMENT), { isAsync: true });
      const { infrastructureId } = await created;
      await until(() => isHeld);
      const adding = daemon.manager
        .addResources(callOf(), infrastructureId, parseRadl(DOCUMENT), { isContextualized: false })
        .then(
          () => 'added',
          (error: unknown) => String(error),
        );
      await until(async () => (await operationOf(infrastructureId, 'add')) !== undefined);
      const add = await operationOf(infrastructureId, 'add');
      const { status, text } = await house.run('operations', 'cancel', add?.id ?? '');
      expect(status, text).to.equal(0);
      open();
      expect(await adding).to.contain('cancelled by the administrator');
      await until(() => daemon.engine.isIdle);
      expect(cloud.vms.size).to.equal(1);
    });

    it('takes up a configuration that is repeated', async () => {
      let runs = 0;
      await start({
        ...instantContextualizer,
        run: async (request) => {
          runs += 1;
          if (runs === 1) throw new Error('The first one breaks.');
          return instantContextualizer.run(request);
        },
      });
      const { infrastructureId } = await daemon.manager.createInfrastructure(callOf(), parseRadl(DOCUMENT), {
        isAsync: true,
      });
      await until(async () => (await operationOf(infrastructureId, 'configure'))?.state === 'failed');
      await until(() => daemon.engine.isIdle);
      const failed = await operationOf(infrastructureId, 'configure');
      await until(
        async () => (await house.run('operations', 'retry', failed?.id ?? '')).status === 0,
        'the daemon to give its lease back',
        15_000,
      );
      await until(
        async () => (await daemon.manager.infrastructureState(callOf(), infrastructureId)).state === 'configured',
        'the repeated configuration',
        15_000,
      );
      expect(runs).to.equal(2);
    }).timeout(40_000);
  });
});
