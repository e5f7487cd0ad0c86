// SPDX-License-Identifier: Apache-2.0
// Requests with an idempotency key do their work once: across repetitions, restarts and daemons.
import { expect } from 'chai';
import type { Call } from '../../src/manager/index.js';
import { parseRadl } from '../../src/radl/index.js';
import { MemoryCloud } from '../support/memory-cloud.js';
import { callOf, demolish, type House, startHouse } from '../support/operations-house.js';
import { failureOf, until } from '../support/waiting.js';

const DOCUMENT = parseRadl(`network pub (outbound = 'yes')
system node (net_interface.0.connection = 'pub' and disk.0.image.url = 'mem://1')
deploy node 1
`);

const DAY_MS = 86_400_000;

describe('an idempotency key', () => {
  let cloud: MemoryCloud;
  let house: House;
  let now: number;
  const start = (directory?: string): Promise<House> =>
    startHouse({ types: [cloud.connectorType()], now: () => now, ...(directory !== undefined && { directory }) });

  beforeEach(async () => {
    cloud = new MemoryCloud();
    now = Date.now();
    house = await start();
  });
  afterEach(() => demolish(house));

  const keyed = (key = 'k1', fingerprint = 'f1', username = 'ana'): Call => ({
    ...callOf(username),
    idempotency: { key, fingerprint },
  });
  const create = (call: Call, isAsync = false, at = house): Promise<string> =>
    at.manager.createInfrastructure(call, DOCUMENT, { isAsync }).then(({ infrastructureId }) => infrastructureId);
  const add = async (call: Call, id: string): Promise<readonly number[]> =>
    (await house.manager.addResources(call, id, DOCUMENT, { isContextualized: false })).vmNumbers;

  it('makes one infrastructure of the same request, and another one of the next', async () => {
    const id = await create(keyed());
    expect(await create(keyed())).to.equal(id);
    expect(cloud.vms.size).to.equal(1);
    expect(await create(keyed('k2'))).not.to.equal(id);
    expect(await create(callOf())).not.to.equal(await create(callOf()));
  });

  it('is remembered after a restart', async () => {
    const id = await create(keyed());
    await house.stop();
    house = await start(house.directory);
    expect(await create(keyed())).to.equal(id);
  });

  it('belongs to its caller', async () => {
    expect(await create(keyed('k1', 'f1', 'eva'))).not.to.equal(await create(keyed()));
  });

  it('is refused with another request', async () => {
    await create(keyed());
    expect(await failureOf(create(keyed('k1', 'f2')))).to.include({ code: 'idempotency-key-reused', status: 422 });
  });

  it('is refused while the first request is worked on, unless that was answered at once', async () => {
    let open = (): void => {};
    const opened = new Promise<void>((resolve) => {
      open = resolve;
    });
    let isLaunching = false;
    cloud.gate = () => {
      isLaunching = true;
      return opened;
    };
    const first = create(keyed());
    await until(() => isLaunching, 'the launch');
    expect(await failureOf(create(keyed()))).to.include({ code: 'incorrect-state', status: 409 });
    expect(await failureOf(create(keyed('k1', 'f2')))).to.include({ code: 'idempotency-key-reused' });
    const asynchronous = await create(keyed('k2'), true);
    expect(await create(keyed('k2'), true)).to.equal(asynchronous);
    open();
    expect(await create(keyed('k3'))).to.be.a('string');
    expect(await first).to.equal(await create(keyed()));
  });

  it('has the failure again that the first request had', async () => {
    cloud.launchFailure = () => 'no room';
    const { message } = await failureOf(create(keyed()));
    expect(message).to.contain('no room');
    cloud.launchFailure = () => undefined;
    expect((await failureOf(create(keyed()))).message).to.equal(message);
    expect(cloud.vms.size).to.equal(0);
  });

  it('is free again when the request was refused before anything was done', async () => {
    const call = { ...keyed(), items: callOf('ana', []).items };
    expect((await failureOf(create(call))).message).to.contain('No cloud provider available');
    expect(await create({ ...keyed('k9') })).to.be.a('string');
  });

  it('is forgotten after 24 hours, whenever in the day they begin', async () => {
    for (const hours of [0, 11, 23]) {
      now = Math.ceil(Date.now() / DAY_MS) * DAY_MS + hours * 3_600_000;
      const key = `at ${hours}`;
      const id = await create(keyed(key));
      now += DAY_MS - 1;
      expect(await create(keyed(key)), key).to.equal(id);
      now += 1;
      expect(await create(keyed(key)), key).not.to.equal(id);
    }
  });

  it('adds machines once', async () => {
    const id = await create(callOf());
    expect(await add(keyed(), id)).to.deep.equal([1]);
    expect(await add(keyed(), id)).to.deep.equal([1]);
    expect(await add(keyed('k2'), id)).to.deep.equal([2]);
    expect(await failureOf(add(keyed('k1', 'f2'), id))).to.include({ code: 'idempotency-key-reused' });
    expect(cloud.vms.size).to.equal(3);
  });

  it('opens nothing: owners are checked first', async () => {
    const id = await create(callOf());
    await add(keyed(), id);
    expect(await failureOf(add(keyed('k1', 'f1', 'eva'), id))).to.include({ code: 'unauthorized' });
  });

  it('holds between daemons on one database', async () => {
    const other = await start(house.directory);
    try {
      const outcomes = await Promise.allSettled([create(keyed()), create(keyed(), false, other)]);
      const ids = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
      const codes = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason.code] : []));
      expect(new Set(ids).size).to.equal(1);
      expect(codes.every((code) => code === 'incorrect-state')).to.equal(true);
      expect(cloud.vms.size).to.equal(1);
      expect(await create(keyed(), false, other)).to.equal(ids[0]);
    } finally {
      await other.stop();
    }
  });
});
