// SPDX-License-Identifier: Apache-2.0
// Lists of infrastructures page by page, and of what was done to one.
import { expect } from 'chai';
import { parseRadl, Radl } from '../../src/radl/index.js';
import { MemoryCloud } from '../support/memory-cloud.js';
import { callOf, demolish, type House, startHouse } from '../support/operations-house.js';
import { failureOf } from '../support/waiting.js';

describe('the list of infrastructures by pages', () => {
  let house: House;
  let ids: string[];
  beforeEach(async () => {
    let now = 1_000_000;
    house = await startHouse({ types: [], now: () => now++ });
    ids = [];
    for (let index = 0; index < 7; index += 1) {
      const document = index % 2 === 0 ? Radl.empty() : parseRadl(`system odd ()`);
      const made = await house.manager.createInfrastructure(callOf(), document, { isAsync: false });
      ids.unshift(made.infrastructureId);
    }
    await house.manager.createInfrastructure(callOf('eva'), Radl.empty(), { isAsync: false });
  });
  afterEach(() => demolish(house));

  const page = (limit: number, after?: string, filter?: string) =>
    house.manager.listInfrastructurePage(callOf(), { limit, after, filter });
  const destroy = (id: string | undefined) =>
    house.manager.destroyInfrastructure(callOf(), id ?? '', { isForced: false, isAsync: false });

  it('holds each of them once, in the order of the whole list', async () => {
    const found: string[] = [];
    let after: string | undefined;
    do {
      const { ids: part, next } = await page(3, after);
      expect(part.length).to.be.at.most(3);
      found.push(...part);
      after = next;
    } while (after !== undefined);
    expect(found).to.deep.equal(ids);
  });

  it('has no next page when it holds the last one', async () => {
    expect((await page(7)).next).to.equal(undefined);
    expect((await page(6)).next).to.be.a('string');
    expect((await page(100)).ids).to.deep.equal(ids);
  });

  it('goes on where it ended when infrastructures come and go, even the one at the end', async () => {
    const { next } = await page(3);
    await house.manager.createInfrastructure(callOf(), Radl.empty(), { isAsync: false });
    await destroy(ids[2]);
    await destroy(ids[4]);
    expect((await page(2, next)).ids).to.deep.equal([ids[3], ids[5]]);
  });

  it('pages what a filter leaves', async () => {
    const first = await page(2, undefined, 'system odd');
    expect(first.ids).to.deep.equal([ids[1], ids[3]]);
    expect((await page(2, first.next, 'system odd')).ids).to.deep.equal([ids[5]]);
  });

  it('is searched with expressions in the syntax of Python', async () => {
    for (const filter of ['(?i)SYSTEM ODD', '\\Asystem', '(?P<what>odd)', 'o(?P<d>d)(?P=d)', '(?s)system.*\\Z']) {
      expect((await page(9, undefined, filter)).ids, filter).to.deep.equal([ids[1], ids[3], ids[5]]);
    }
    expect((await page(9, undefined, 'odd\\A')).ids).to.deep.equal([]);
    expect(await failureOf(page(9, undefined, '['))).to.include({ code: 'bad-request' });
  });

  it('refuses cursors that it did not make', async () => {
    for (const after of ['x', Buffer.from('1 2').toString('base64url'), '!'.repeat(1000)]) {
      expect(await failureOf(page(2, after))).to.include({ code: 'bad-request' });
    }
  });
});

describe('the operations of an infrastructure', () => {
  it('are shown newest first to its owners, with their failures and without their requests', async () => {
    const cloud = new MemoryCloud();
    const house = await startHouse({ types: [cloud.connectorType()] });
    try {
      const { manager } = house;
      const document = parseRadl(`network pub (outbound = 'yes')
system node (net_interface.0.connection = 'pub' and disk.0.image.url = 'mem://1' and disk.0.os.credentials.password = 'CANARY')
deploy node 1
`);
      const { infrastructureId: id } = await manager.createInfrastructure(callOf(), document, { isAsync: false });
      cloud.launchFailure = () => 'no room';
      await failureOf(manager.addResources(callOf(), id, document, { isContextualized: false }));
      const operations = await manager.listOperations(callOf(), id, 10);
      expect(operations.map(({ kind }) => kind)).to.include.members(['add', 'create']);
      const [add] = operations.filter(({ kind }) => kind === 'add');
      expect(add).to.include({ state: 'failed', caller: 'ana' });
      expect(add?.error?.message).to.contain('no room');
      expect(operations.at(-1)?.kind).to.equal('create');
      expect(JSON.stringify(operations)).not.to.contain('CANARY');
      expect(await manager.listOperations(callOf(), id, 1)).to.have.length(1);
      expect(await failureOf(manager.listOperations(callOf('eva'), id, 1))).to.include({ code: 'unauthorized' });
    } finally {
      await demolish(house);
    }
  });
});
