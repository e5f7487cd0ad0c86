// SPDX-License-Identifier: Apache-2.0
// What a stopped daemon left unfinished goes on when it starts again.
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { expect } from 'chai';
import type { ConnectorType, LaunchRequest } from '../../src/connectors/index.js';
import { cancelledOutcome } from '../../src/connectors/shared/launch-outcomes.js';
import { ImError } from '../../src/domain/index.js';
import { parseRadl } from '../../src/radl/index.js';
import { MemoryCloud } from '../support/memory-cloud.js';
import { callOf, demolish, type House, startHouse } from '../support/operations-house.js';
import { failureOf, until } from '../support/waiting.js';

const DOCUMENT = `network priv ()
system node (net_interface.0.connection = 'priv' and disk.0.image.url = 'mem://1')
deploy node 3
contextualize ()
`;

/** A gate that holds the n-th call of a kind until it is opened. */
function holdAt(
  kind: string,
  nth: number,
): { gate: (call: string) => Promise<void>; reached: () => boolean; open: () => void } {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  let count = 0;
  return {
    gate: async (call) => {
      if (call === kind) {
        count += 1;
        if (count === nth) await opened;
      }
    },
    reached: () => count >= nth,
    open: () => open(),
  };
}

/** A connector as the real ones are: a launch that is called off ends at once, with an outcome for each machine. */
function cutOff(cloud: MemoryCloud, onLaunch: () => void): ConnectorType {
  const type = cloud.connectorType();
  return {
    ...type,
    connect: (credential, environment) => {
      const connector = type.connect(credential, environment);
      return new Proxy(connector, {
        get: (target, key) => {
          if (key === 'launch') {
            return async function* ({ vms, signal }: LaunchRequest) {
              onLaunch();
              await once(signal, 'abort');
              yield* vms.map(({ number }) => cancelledOutcome(number));
            };
          }
          const member: unknown = Reflect.get(target, key);
          return typeof member === 'function' ? member.bind(target) : member;
        },
      });
    },
  };
}

describe('a restart', () => {
  it('continues a launch: nothing is launched twice, nothing is forgotten', async () => {
    const cloud = new MemoryCloud();
    const held = holdAt('created', 2);
    cloud.gate = held.gate;
    const first = await startHouse({ types: [cloud.connectorType()] });
    const { infrastructureId } = await first.manager.createInfrastructure(callOf(), parseRadl(DOCUMENT), {
      isAsync: true,
    });
    await until(held.reached);
    expect(cloud.vms.size).to.equal(2);
    const stopping = first.stop();
    held.open();
    await stopping;

    const second = await startHouse({ types: [cloud.connectorType()], directory: first.directory });
    await until(
      async () => (await second.manager.infrastructureState(callOf(), infrastructureId)).state === 'configured',
    );
    expect(cloud.vms.size).to.equal(3);
    expect(await second.manager.listVms(callOf(), infrastructureId)).to.deep.equal([0, 1, 2]);
    await second.manager.destroyInfrastructure(callOf(), infrastructureId, { isForced: false, isAsync: false });
    expect(cloud.vms.size).to.equal(0);
    expect(cloud.networks.size).to.equal(0);
    await demolish(second);
  });

  it('does not count machines as failed whose last try was cut off', async () => {
    const cloud = new MemoryCloud();
    let launches = 0;
    const first = await startHouse({ types: [cutOff(cloud, () => launches++)], settings: { maxVmFails: 1 } });
    const { infrastructureId } = await first.manager.createInfrastructure(callOf(), parseRadl(DOCUMENT), {
      isAsync: true,
    });
    await until(() => launches > 0);
    await first.engine.stop(0);
    await first.stop();
    const second = await startHouse({ types: [cloud.connectorType()], directory: first.directory });
    await until(
      async () => (await second.manager.infrastructureState(callOf(), infrastructureId)).state === 'configured',
    );
    expect(cloud.vms.size).to.equal(3);
    await demolish(second);
  });

  it('tells a waiting client that its operation is recorded', async () => {
    const cloud = new MemoryCloud();
    const held = holdAt('launch', 1);
    cloud.gate = held.gate;
    const house = await startHouse({ types: [cloud.connectorType()] });
    const answer = failureOf(house.manager.createInfrastructure(callOf(), parseRadl(DOCUMENT), { isAsync: false }));
    await until(held.reached);
    await house.engine.stop(0);
    held.open();
    await house.stop();
    expect((await answer).message).to.match(/is recorded and goes on when it runs again/);
    await rm(house.directory, { recursive: true, force: true });
  });

  it('continues a destroy', async () => {
    const cloud = new MemoryCloud();
    const first: House = await startHouse({ types: [cloud.connectorType()] });
    const { infrastructureId } = await first.manager.createInfrastructure(callOf(), parseRadl(DOCUMENT), {
      isAsync: false,
    });
    const held = holdAt('destroy', 2);
    cloud.gate = held.gate;
    await first.manager.destroyInfrastructure(callOf(), infrastructureId, { isForced: false, isAsync: true });
    await until(held.reached);
    const stopping = first.stop();
    held.open();
    await stopping;
    const second = await startHouse({ types: [cloud.connectorType()], directory: first.directory });
    await until(() => cloud.vms.size === 0 && cloud.networks.size === 0);
    await until(async () => (await second.manager.listInfrastructures(callOf())).length === 0);
    await demolish(second);
  });

  it('runs a configuration again that was parked', async () => {
    const cloud = new MemoryCloud();
    let runs = 0;
    let progress: unknown;
    const contextualizer = {
      run: async ({
        ports,
        signal,
      }: Parameters<import('../../src/contextualization/index.js').Contextualizer['run']>[0]) => {
        runs += 1;
        if (runs === 1) {
          await ports.saveProgress({ step: 3 });
          await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
        }
        progress = await ports.loadProgress();
        for (const { number } of await ports.vms()) await ports.setVmResult(number, true);
        return { isInfrastructureConfigured: true };
      },
      killRemote: async () => undefined,
      close: async () => undefined,
    };
    const first = await startHouse({ types: [cloud.connectorType()], contextualizer });
    const { infrastructureId } = await first.manager.createInfrastructure(callOf(), parseRadl(DOCUMENT), {
      isAsync: false,
    });
    await until(() => runs === 1);
    expect((await first.manager.infrastructureState(callOf(), infrastructureId)).state).to.equal('running');
    await first.stop();
    const second = await startHouse({ types: [cloud.connectorType()], contextualizer, directory: first.directory });
    await until(
      async () => (await second.manager.infrastructureState(callOf(), infrastructureId)).state === 'configured',
    );
    expect(runs).to.equal(2);
    expect(progress).to.deep.equal({ step: 3 });
    await demolish(second);
  });
});

describe('a database that stops answering', () => {
  it('holds a launch up; when it is back nothing was launched twice or forgotten', async () => {
    const cloud = new MemoryCloud();
    let isDown = false;
    const house = await startHouse({
      types: [cloud.connectorType()],
      decorateStore: (store) =>
        new Proxy(store, {
          get: (target, key) => {
            const member: unknown = Reflect.get(target, key);
            return typeof member === 'function'
              ? (...parameters: unknown[]) => {
                  if (isDown && key !== 'close')
                    throw new ImError('store-unavailable', 'The database does not answer.');
                  return member.apply(target, parameters);
                }
              : member;
          },
        }),
    });
    cloud.gate = async (call) => {
      if (call === 'created' && cloud.vms.size === 2) isDown = true;
    };
    const { infrastructureId } = await house.manager.createInfrastructure(callOf(), parseRadl(DOCUMENT), {
      isAsync: true,
    });
    await until(() => isDown);
    const refused = await failureOf(house.manager.infrastructureState(callOf(), infrastructureId));
    expect(refused).to.have.property('code', 'store-unavailable');
    cloud.gate = async () => undefined;
    isDown = false;
    await until(
      async () => (await house.manager.infrastructureState(callOf(), infrastructureId)).state === 'configured',
    );
    expect(cloud.vms.size).to.equal(3);
    await demolish(house);
  });
});
