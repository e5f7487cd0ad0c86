// SPDX-License-Identifier: Apache-2.0
// One run of a daemon at a time has a NODE_NAME: who gets it, who waits for it, and who has to go.
import { expect } from 'chai';
import { ImError } from '../../src/domain/index.js';
import { LeaseLost } from '../../src/operations/interruption.js';
import { LeaseKeeper } from '../../src/operations/lease-keeper.js';
import { NodeClaim, type NodeClaimOptions, supersedes } from '../../src/operations/node-claim.js';
import type { Store } from '../../src/store/index.js';
import { silentLogger } from '../../src/util/logger.js';
import { createSqliteFixture, type SqliteFixture } from '../store/sqlite-fixture.js';
import { failureOf, until } from '../support/waiting.js';

/** By the clock of the test, which stands: nothing runs out unless the test says so. Renewals come by the real clock. */
const TTL = 300;

describe('supersedes', () => {
  it('is true for a later run of the same name, and for nothing else', () => {
    for (const [holder, other, expected] of [
      ['im#2', 'im#1', true],
      ['im#10', 'im#9', true],
      ['a b#c#2', 'a b#c#1', true],
      ['im#1', 'im#1', false],
      ['im#1', 'im#2', false],
      ['im#2', 'im2#1', false],
      ['im#2', 'IM#1', false],
      ['im#2', 'im', false],
      ['im', 'im#1', false],
      ['im#2', 'im#', false],
      ['im#2', 'im#1x', false],
      ['im#2', 'im-admin on im (1)', false],
    ] as const) {
      expect(supersedes(holder, other), `${holder} after ${other}`).to.equal(expected);
    }
  });
});

describe('the claim to a name', () => {
  const clock = { now: 0 };
  const claims: NodeClaim[] = [];
  let fixture: SqliteFixture;
  let store: Store;
  let ended: Set<string>;

  beforeEach(async () => {
    clock.now = Date.UTC(2026, 10, 20);
    ended = new Set();
    fixture = await createSqliteFixture(clock);
    store = await fixture.open();
    await store.migrate();
  });
  afterEach(async () => {
    await Promise.all(claims.splice(0).map((claim) => claim.close()));
    await fixture.destroy();
  });

  const claimOf = (instance: string, options: Partial<NodeClaimOptions> = {}): NodeClaim => {
    const claim = new NodeClaim({
      store,
      name: 'im1',
      ttlMs: TTL,
      instance,
      hasEnded: (other) => ended.has(other),
      describe: (other) => `run ${other}`,
      logger: silentLogger,
      ...options,
    });
    claims.push(claim);
    return claim;
  };

  /** The store of a process that can be stopped for a while. */
  const stoppable = (): { readonly store: Store; stop: () => () => void } => {
    let stopped: Promise<void> | undefined;
    return {
      store: {
        ...store,
        acquireLease: async (...parameters) => {
          await stopped;
          return store.acquireLease(...parameters);
        },
      },
      stop: () => {
        let wake: () => void = () => undefined;
        stopped = new Promise((resolve) => {
          wake = () => {
            stopped = undefined;
            resolve();
          };
        });
        return wake;
      },
    };
  };

  it('is had at once when the name is free, and free again after its end', async () => {
    const first = claimOf('first');
    expect(first.holder).to.equal(undefined);
    expect((await failureOf(first.check())).message).to.contain('not claimed yet');
    await first.begin();
    expect(first.holder).to.equal('im1#1');
    await first.check();
    await first.close();
    expect(first.holder).to.equal(undefined);
    const second = claimOf('second');
    await second.begin();
    expect(supersedes(String(second.holder), 'im1#1')).to.equal(true);
  });

  it('leaves other names alone', async () => {
    await claimOf('first').begin();
    const other = claimOf('second', { name: 'im2' });
    await other.begin();
    expect(other.holder).to.equal('im2#1');
  });

  it('goes at once to the next run when the last one has provably ended', async () => {
    await claimOf('killed').begin();
    ended.add('killed');
    const next = claimOf('next');
    await next.begin();
    expect(next.holder).to.equal('im1#2');
  });

  it('is waited for until it runs out when nobody knows whether the last run lives', async () => {
    await store.acquireLease('node/im1', 'unknown', TTL);
    const next = claimOf('next');
    await next.begin();
    expect(next.holder).to.equal(undefined);
    expect((await failureOf(next.check())).message).to.contain('run unknown');
    clock.now += TTL;
    await until(() => next.holder !== undefined);
    expect(next.holder).to.equal('im1#2');
    await next.check();
  });

  it('is waited for when the last run just ends properly', async () => {
    const last = claimOf('last');
    await last.begin();
    const next = claimOf('next', { ttlMs: 600_000 });
    await next.begin();
    clock.now += 1;
    await last.close();
    await until(() => next.holder !== undefined);
  });

  it('is refused beside a living one, which is named together with the remedy', async () => {
    const living = claimOf('living');
    await living.begin();
    const second = claimOf('second');
    await second.begin();
    let error: ImError | undefined;
    void second.refused.then((reason) => {
      error = reason;
    });
    await until(() => {
      clock.now += 1;
      return error !== undefined;
    });
    expect(error?.message).to.match(/^NODE_NAME im1 is in use: another daemon, run living, .*set NODE_NAME in im\.cfg/);
    expect([living.holder, second.holder]).to.deep.equal(['im1#1', undefined]);
    await living.confirm();
  });

  it('is lost with everything when another run takes it over during a stop, and then it is over', async () => {
    const { store: mine, stop } = stoppable();
    const sleeper = claimOf('sleeper', { store: mine });
    await sleeper.begin();
    const beganAt = performance.now();
    const keeper = new LeaseKeeper(store, sleeper, 600_000, silentLogger);
    let isLost = false;
    await keeper.acquire('inf', () => {
      isLost = true;
    });
    const stale = keeper.current('inf');
    const wake = stop();
    clock.now += TTL;
    const successor = claimOf('successor');
    await successor.begin();
    // The lease itself would be good for ten minutes.
    const next = new LeaseKeeper(store, successor, 600_000, silentLogger);
    await next.acquire('inf', () => undefined);
    expect(next.current('inf').fencing).to.be.greaterThan(stale.fencing);
    expect((await failureOf(store.commit([], stale))).message).to.contain('Another daemon has taken over');
    await until(() => performance.now() - beganAt > 2 * TTL);
    expect((await failureOf(sleeper.check())).message).to.contain('has run out');
    const confirming = failureOf(keeper.confirm('inf'));
    wake();
    expect(await confirming).to.be.instanceOf(LeaseLost);
    expect(isLost).to.equal(true);
    expect((await sleeper.refused).message).to.match(/^Another daemon, run successor, took the name im1/);
    expect(await keeper.acquire('inf', () => undefined)).to.equal(undefined);
    expect(await keeper.acquire('other', () => undefined)).to.equal(undefined);
    await Promise.all([keeper.close(), next.close()]);
  });

  it('never gives an earlier run what a later one took, even before it knows', async () => {
    const { store: mine, stop } = stoppable();
    const sleeper = claimOf('sleeper', { store: mine });
    await sleeper.begin();
    const keeper = new LeaseKeeper(store, sleeper, TTL, silentLogger);
    const wake = stop();
    clock.now += TTL;
    const successor = claimOf('successor');
    await successor.begin();
    const next = new LeaseKeeper(store, successor, TTL, silentLogger);
    await next.acquire('inf', () => undefined);
    expect(sleeper.holder).to.equal('im1#1');
    expect(await keeper.acquire('inf', () => undefined)).to.equal(undefined);
    wake();
    await Promise.all([keeper.close(), next.close()]);
  });

  it('is a new one when another run had it meanwhile: what was held is lost, and the daemon goes on', async () => {
    const { store: mine, stop } = stoppable();
    const sleeper = claimOf('sleeper', { store: mine });
    await sleeper.begin();
    let losses = 0;
    sleeper.onLost(() => {
      losses += 1;
    });
    const wake = stop();
    clock.now += TTL;
    const guest = claimOf('guest');
    await guest.begin();
    await guest.close();
    wake();
    await until(() => losses === 1);
    expect(sleeper.holder).to.equal('im1#3');
    await sleeper.confirm();
  });

  it('is had as soon as the database takes it, and until then the daemon runs without it', async () => {
    let isFull = true;
    const full: Store = {
      ...store,
      acquireLease: async (...parameters) => {
        if (isFull) throw new ImError('store-unavailable', 'The disk is full.');
        return store.acquireLease(...parameters);
      },
    };
    const claim = claimOf('early', { store: full });
    await claim.begin();
    expect(claim.holder).to.equal(undefined);
    isFull = false;
    await until(() => claim.holder === 'im1#1');
  });

  it('is neither lost nor confirmed while another daemon keeps its row', async () => {
    let isBusy = false;
    const busy: Store = {
      ...store,
      acquireLease: async (...parameters) => (isBusy ? undefined : store.acquireLease(...parameters)),
    };
    const claim = claimOf('busy', { store: busy });
    await claim.begin();
    const keeper = new LeaseKeeper(busy, claim, 600_000, silentLogger);
    await keeper.acquire('inf', () => undefined);
    isBusy = true;
    const waiting = failureOf(until(() => keeper.confirm('inf').then(() => false)));
    expect((await waiting) instanceof ImError).to.equal(true);
    expect(claim.holder).to.equal('im1#1');
    isBusy = false;
    await keeper.confirm('inf');
    await keeper.close();
  });

  it('lets a lease that another daemon was just trying to get be renewed a little later', async () => {
    let refusals = 0;
    const busy: Store = {
      ...store,
      acquireLease: async (...parameters) => {
        if (parameters[0] === 'inf' && refusals > 0) {
          refusals -= 1;
          return undefined;
        }
        return store.acquireLease(...parameters);
      },
    };
    const claim = claimOf('busy', { store: busy });
    await claim.begin();
    const keeper = new LeaseKeeper(busy, claim, 600, silentLogger);
    let isLost = false;
    await keeper.acquire('inf', () => {
      isLost = true;
    });
    refusals = 1;
    await until(() => refusals === 0);
    await keeper.confirm('inf');
    expect(isLost).to.equal(false);
    await keeper.close();
  });
});
