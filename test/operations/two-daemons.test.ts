// SPDX-License-Identifier: Apache-2.0
// Two daemons on one database: work goes to whoever has the lease, and from a dead daemon to a living one.
import { expect } from 'chai';
import type { Contextualizer } from '../../src/contextualization/index.js';
import { parseRadl } from '../../src/radl/index.js';
import type { Change, Store } from '../../src/store/index.js';
import { MemoryCloud } from '../support/memory-cloud.js';
import { callOf, demolish, type House, startHouse } from '../support/operations-house.js';
import { until } from '../support/waiting.js';

const DOCUMENT = `network priv ()
system node (net_interface.0.connection = 'priv' and disk.0.image.url = 'mem://1')
deploy node 3
contextualize ()
`;
const ONE_MORE = 'network priv\nsystem node\ndeploy node 1';

/** A store that can be made to behave like that of a process that is gone or stopped. */
function mortal(): { readonly decorate: (store: Store) => Store; die: () => void; pause: () => () => void } {
  let isDead = false;
  let paused: Promise<void> | undefined;
  return {
    decorate: (store) =>
      new Proxy(store, {
        get: (target, key) => {
          const member: unknown = Reflect.get(target, key);
          if (typeof member !== 'function' || key === 'close') {
            return typeof member === 'function' ? member.bind(target) : member;
          }
          return async (...parameters: unknown[]) => {
            if (paused !== undefined && (key === 'commit' || key === 'acquireLease')) await paused;
            if (isDead) throw new Error('this daemon is dead');
            return member.apply(target, parameters);
          };
        },
      }),
    die: () => {
      isDead = true;
    },
    pause: () => {
      let resume: () => void = () => undefined;
      paused = new Promise((resolve) => {
        resume = resolve;
      });
      return () => {
        paused = undefined;
        resume();
      };
    },
  };
}

/** Holds the first batch of a kind on its way to the store until it is let go. */
function holdFirst(isMeant: (change: Change) => boolean): {
  readonly decorate: (store: Store) => Store;
  readonly isReached: () => boolean;
  letGo: () => void;
} {
  let isReached = false;
  let letGo: () => void = () => undefined;
  const isFree = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  return {
    decorate: (store) =>
      new Proxy(store, {
        get: (target, key) => {
          const member: unknown = Reflect.get(target, key);
          if (typeof member !== 'function') return member;
          if (key !== 'commit') return member.bind(target);
          return async (changes: readonly Change[], ...rest: unknown[]) => {
            if (!isReached && changes.some(isMeant)) {
              isReached = true;
              await isFree;
            }
            return member.call(target, changes, ...rest);
          };
        },
      }),
    isReached: () => isReached,
    letGo: () => letGo(),
  };
}

describe('two daemons on one database', () => {
  let cloud: MemoryCloud;
  let first: House;
  let second: House;

  const start = async (
    contextualizer?: Contextualizer,
    decorateStore?: (store: Store) => Store,
    leaseMs = 30_000,
    decorateSecond?: (store: Store) => Store,
  ): Promise<void> => {
    cloud = new MemoryCloud();
    const common = { types: [cloud.connectorType()], ...(contextualizer && { contextualizer }) };
    first = await startHouse({
      ...common,
      nodeName: 'first',
      settings: { leaseMs },
      ...(decorateStore && { decorateStore }),
    });
    second = await startHouse({
      ...common,
      directory: first.directory,
      nodeName: 'second',
      settings: { leaseMs },
      ...(decorateSecond && { decorateStore: decorateSecond }),
    });
  };
  const create = async (isAsync: boolean): Promise<string> =>
    (await first.manager.createInfrastructure(callOf(), parseRadl(DOCUMENT), { isAsync })).infrastructureId;
  afterEach(async () => {
    await second.stop();
    await demolish(first);
  });

  it('reads are right on both', async () => {
    await start();
    const id = await create(false);
    expect(await second.manager.listVms(callOf(), id)).to.deep.equal([0, 1, 2]);
    await until(async () => (await second.manager.infrastructureState(callOf(), id)).state === 'configured');
  });

  it('a call to the daemon without the lease is carried out while the other one configures', async () => {
    const configuring: Contextualizer = {
      run: ({ signal }) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
      killRemote: async () => undefined,
      close: async () => undefined,
    };
    await start(configuring);
    const id = await create(false);
    const added = await second.manager.addResources(callOf(), id, parseRadl(ONE_MORE), { isContextualized: false });
    expect(added.vmNumbers).to.deep.equal([3]);
    expect(cloud.vms.size).to.equal(4);
  });

  it('a revision restored through both at once is compared when each one has its turn: nothing is launched twice', async () => {
    const hold = holdFirst((change) => change.kind === 'insert-operation' && change.operation.kind !== 'configure');
    await start(undefined, undefined, undefined, hold.decorate);
    const id = await create(false);
    const how = { isDryRun: false, isContextualized: false };
    await first.manager.removeResources(callOf(), id, [1], { isContextualized: false });
    const late = second.manager.restoreRevision(callOf(), id, 1, how);
    await until(hold.isReached, 'the second one to hand its restoration over');
    expect((await first.manager.restoreRevision(callOf(), id, 1, how)).added).to.deep.equal(new Map([['node', 1]]));
    hold.letGo();
    expect((await late).added).to.deep.equal(new Map());
    expect(cloud.vms.size).to.equal(3);
    expect(await second.manager.listVms(callOf(), id)).to.have.length(3);
    expect((await second.store.listRevisions(id)).map(({ number }) => number)).to.have.members([1, 2, 3]);
  });

  it('owners that are added through both at once are all there', async () => {
    const hold = holdFirst((change) => change.kind === 'add-owners' || change.kind === 'update-infrastructure');
    await start(undefined, undefined, undefined, hold.decorate);
    const id = await create(false);
    const item = (username: string) => ({ type: 'InfrastructureManager', username, password: 'p' });
    const late = second.manager.changeOwners(callOf(), id, [item('bob')], { isOverwrite: false });
    await until(hold.isReached, 'the second one to have seen who owns it');
    await first.manager.changeOwners(callOf(), id, [item('eve')], { isOverwrite: false });
    hold.letGo();
    await late;
    expect(await first.manager.owners(callOf(), id)).to.deep.equal(['ana', 'eve', 'bob']);
  });

  it('a destroy on one cancels the launch on the other', async () => {
    await start();
    let isHeld = true;
    let created = 0;
    cloud.gate = async (call) => {
      if (call === 'created') {
        created += 1;
        if (created === 2) await until(() => !isHeld);
      }
    };
    const id = await create(true);
    await until(() => created === 2);
    const destroyed = second.manager.destroyInfrastructure(callOf(), id, { isForced: false, isAsync: false });
    await until(async () => (await first.manager.infrastructureState(callOf(), id)).state === 'deleting');
    await until(async () =>
      (await second.store.listOperations({ infrastructureId: id })).some(({ kind }) => kind === 'destroy'),
    );
    isHeld = false;
    await destroyed;
    expect(cloud.vms.size).to.equal(0);
    expect(cloud.networks.size).to.equal(0);
  });

  it('takes over from a daemon that died: nothing is launched twice or forgotten', async () => {
    const life = mortal();
    await start(undefined, life.decorate, 600);
    let created = 0;
    cloud.gate = async (call) => {
      if (call === 'created') {
        created += 1;
        if (created === 2) life.die();
      }
    };
    const id = await create(true);
    await until(
      async () => (await second.manager.infrastructureState(callOf(), id)).state === 'configured',
      'the second daemon to finish',
      15_000,
    );
    expect(cloud.vms.size).to.equal(3);
    expect(await second.manager.listVms(callOf(), id)).to.deep.equal([0, 1, 2]);
    expect((await second.store.listOperations({ infrastructureId: id }))[0]?.state).to.equal('done');
  });

  it('a daemon that was stopped for a while can write nothing when it wakes', async () => {
    const life = mortal();
    await start(undefined, life.decorate, 600);
    let resume: () => void = () => undefined;
    let created = 0;
    cloud.gate = async (call) => {
      if (call === 'created') {
        created += 1;
        if (created === 2) resume = life.pause();
      }
    };
    const id = await create(true);
    await until(
      async () => (await second.manager.infrastructureState(callOf(), id)).state === 'configured',
      'the second daemon to finish',
      15_000,
    );
    const before = await second.store.listVms(id);
    resume();
    await until(() => first.engine.isIdle, 'the first daemon to give up');
    const after = await second.store.listVms(id);
    expect(after.map(({ providerId, cloudState }) => [providerId, cloudState])).to.deep.equal(
      before.map(({ providerId, cloudState }) => [providerId, cloudState]),
    );
    expect(cloud.vms.size).to.equal(3);
    expect((await second.store.listOperations({ infrastructureId: id }))[0]?.state).to.equal('done');
  });

  it('goes on with what another daemon has begun meanwhile, not with what it was when it was accepted', async () => {
    const life = mortal();
    const configuring: Contextualizer = {
      run: ({ signal }) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
      killRemote: async () => undefined,
      close: async () => undefined,
    };
    await start(configuring, life.decorate, 2000);
    const id = await create(false);
    let created = 0;
    cloud.gate = async (call) => {
      if (call === 'created') {
        created += 1;
        if (created === 1) life.die();
      }
    };
    // It waits in the second one for the lease; the first one takes it up and dies in the middle of it.
    const added = await second.manager.addResources(
      callOf(),
      id,
      parseRadl('network priv\nsystem node\ndeploy node 2'),
      {
        isContextualized: false,
      },
    );
    expect(added.vmNumbers).to.deep.equal([3, 4]);
    expect(await second.manager.listVms(callOf(), id)).to.deep.equal([0, 1, 2, 3, 4]);
    expect(cloud.vms.size).to.equal(5);
  });

  it('removes machines that came of a call which it had made before it was stopped for a while', async () => {
    const life = mortal();
    await start(undefined, life.decorate, 600);
    let open: () => void = () => undefined;
    const isOpen = new Promise<void>((resolve) => {
      open = resolve;
    });
    let calls = 0;
    let resume: () => void = () => undefined;
    cloud.gate = async (call) => {
      if (call === 'create') {
        calls += 1;
        if (calls === 1) {
          resume = life.pause();
          await isOpen;
        }
      }
    };
    const id = await create(true);
    await until(() => calls === 1, 'the first one to launch');
    await second.manager.destroyInfrastructure(callOf(), id, { isForced: false, isAsync: false });
    expect(cloud.vms.size).to.equal(0);
    open();
    await until(() => cloud.vms.size === 3, 'the machines that come too late');
    resume();
    await until(() => cloud.vms.size === 0, 'them to be removed');
    expect((await second.store.listOperations({ infrastructureId: id })).map(({ state }) => state)).to.deep.equal([
      'cancelled',
      'done',
    ]);
  });

  describe('with one name', () => {
    const startBoth = async (
      hasEnded: (instance: string) => boolean,
      decorate?: (store: Store) => Store,
    ): Promise<void> => {
      cloud = new MemoryCloud();
      const common = { types: [cloud.connectorType()], nodeName: 'same' };
      first = await startHouse({ ...common, ...(decorate && { decorateStore: decorate }) });
      second = await startHouse({ ...common, directory: first.directory, hasEnded: (other) => hasEnded(other) });
    };

    it('the second one begins nothing: what it is asked for the first one does', async () => {
      await startBoth(() => false);
      expect(second.claim.holder).to.equal(undefined);
      const held = (await first.store.listOperations({})).length;
      const { infrastructureId } = await second.manager.createInfrastructure(callOf(), parseRadl(DOCUMENT), {
        isAsync: false,
      });
      expect(held).to.equal(0);
      expect(await first.manager.listVms(callOf(), infrastructureId)).to.deep.equal([0, 1, 2]);
      await until(
        async () => (await first.manager.infrastructureState(callOf(), infrastructureId)).state === 'configured',
      );
      expect(cloud.vms.size).to.equal(3);
      expect(await second.engine.borrow(infrastructureId)).to.equal(undefined);
    });

    it('the second one goes on at once when the first one is known to have died, and launches nothing twice', async () => {
      const process = mortal();
      let hasDied = false;
      let killed = '';
      await startBoth((other) => hasDied && other === killed, process.decorate);
      killed = first.instance;
      let isReached = false;
      let letGo: () => void = () => undefined;
      const isFree = new Promise<void>((resolve) => {
        letGo = resolve;
      });
      cloud.gate = async (call) => {
        if (call === 'create' && cloud.vms.size === 1 && !isReached) {
          isReached = true;
          await isFree;
        }
      };
      const id = await create(true);
      await until(() => isReached, 'the second machine');
      process.die();
      hasDied = true;
      await until(
        async () => (await second.manager.infrastructureState(callOf(), id)).state === 'configured',
        'the second one to finish under leases of 30 s',
        20_000,
      );
      letGo();
      expect(await second.manager.listVms(callOf(), id)).to.deep.equal([0, 1, 2]);
      expect(cloud.vms.size).to.equal(3);
    });
  });
});
