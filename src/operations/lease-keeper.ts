// SPDX-License-Identifier: Apache-2.0
// Holds and renews the leases of the infrastructures that this daemon works on.
import { errorText, ImError } from '../domain/index.js';
import type { Lease, Store } from '../store/index.js';
import { sleep } from '../util/deadline.js';
import type { Logger } from '../util/logger.js';
import { LeaseLost } from './interruption.js';
import { ageOf, type Moment, present } from './moment.js';
import { type NodeClaim, supersedes } from './node-claim.js';

/** How long a lease is kept after its last use: operations of one infrastructure often follow each other. */
const LINGER_MS = 5000;

/** Pause before a lease that another daemon was just trying to get is renewed again. */
const BUSY_MS = 100;

interface Held {
  lease: Lease;
  /** When it was asked for, by two clocks: neither a set clock nor a sleeping machine makes an old lease look young. */
  asked: Moment;
  users: number;
  readonly onLost: Set<() => void>;
}

/** Leases of one daemon. */
export class LeaseKeeper {
  readonly #store: Store;
  readonly #claim: NodeClaim;
  readonly #ttlMs: number;
  readonly #logger: Logger;
  readonly #held = new Map<string, Held>();
  #timer: NodeJS.Timeout | undefined;
  #isEager = false;

  constructor(store: Store, claim: NodeClaim, ttlMs: number, logger: Logger) {
    this.#store = store;
    this.#claim = claim;
    this.#ttlMs = ttlMs;
    this.#logger = logger;
    claim.onLost(() => {
      for (const [infrastructureId, held] of [...this.#held]) {
        this.#lose(infrastructureId, held);
      }
    });
  }

  /**
   * Takes the lease of an infrastructure, or shares the one that is held.
   * @param onLost called when another daemon took it over
   * @returns a function that gives this use back, or undefined when another daemon holds the lease, or the name of this one
   */
  async acquire(infrastructureId: string, onLost: () => void): Promise<(() => void) | undefined> {
    const known = this.#held.get(infrastructureId);
    if (known !== undefined) {
      return this.#use(infrastructureId, known, onLost);
    }
    const { holder } = this.#claim;
    if (holder === undefined) {
      return undefined;
    }
    const asked = present();
    const lease = await this.#store.acquireLease(infrastructureId, holder, this.#ttlMs, (standing) =>
      supersedes(holder, standing.holder),
    );
    if (lease === undefined) {
      return undefined;
    }
    if (this.#claim.holder !== holder) {
      // Whoever has the name takes it.
      return undefined;
    }
    let held = this.#held.get(infrastructureId);
    if (held === undefined) {
      held = { lease, asked, users: 0, onLost: new Set() };
      this.#held.set(infrastructureId, held);
    } else {
      held.lease = lease;
      held.asked = asked;
    }
    this.#startRenewing();
    return this.#use(infrastructureId, held, onLost);
  }

  /** Does this daemon hold the lease at present? */
  isHeld(infrastructureId: string): boolean {
    return this.#held.has(infrastructureId);
  }

  /** The lease to write with. @throws ImError `incorrect-state` when it is not held (any more) */
  current(infrastructureId: string): Lease {
    const held = this.#held.get(infrastructureId);
    if (held === undefined) {
      throw new ImError(
        'incorrect-state',
        `The lease of infrastructure ${infrastructureId} is not held by this daemon.`,
      );
    }
    return held.lease;
  }

  /**
   * To be awaited right before a provider call, which no fencing number can stop: a daemon that was stopped for a while, or whose
   * database is away, must not act any more.
   * @throws LeaseLost when another daemon has it; ImError `store-unavailable` when that cannot be found out
   */
  async confirm(infrastructureId: string): Promise<void> {
    await this.#claim.confirm();
    const held = this.#held.get(infrastructureId);
    const isOurs = (): boolean => held !== undefined && this.#held.get(infrastructureId) === held;
    for (let tries = 0; held !== undefined && isOurs() && ageOf(held.asked) > this.#ttlMs / 2; tries += 1) {
      if (tries > 0) {
        await sleep(BUSY_MS);
      }
      await this.#renew(infrastructureId, held);
    }
    if (!isOurs()) {
      throw new LeaseLost();
    }
  }

  /** A write was refused: the lease with which it was tried is another daemon's now. */
  refused(lease: Lease): void {
    const held = this.#held.get(lease.infrastructureId);
    if (held !== undefined && held.lease.fencing === lease.fencing) {
      this.#lose(lease.infrastructureId, held);
    }
  }

  /** Gives back what is not in use, now and from now on: other daemons are to go on with what this one does not begin any more. */
  giveBackEagerly(): void {
    this.#isEager = true;
    for (const [infrastructureId, held] of [...this.#held]) {
      void this.#giveBackUnused(infrastructureId, held);
    }
  }

  /** Gives all leases back. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#timer = undefined;
    const leases = [...this.#held.values()].map(({ lease }) => lease);
    this.#held.clear();
    for (const result of await Promise.allSettled(leases.map((lease) => this.#store.releaseLease(lease)))) {
      if (result.status === 'rejected') {
        // It runs out by itself.
        this.#logger.warn(`A lease could not be given back: ${errorText(result.reason)}`);
      }
    }
  }

  #use(infrastructureId: string, held: Held, onLost: () => void): () => void {
    held.users += 1;
    held.onLost.add(onLost);
    return () => {
      held.users -= 1;
      held.onLost.delete(onLost);
      if (held.users > 0 || this.#held.get(infrastructureId) !== held) {
        return;
      }
      if (this.#isEager) {
        void this.#giveBackUnused(infrastructureId, held);
      } else {
        setTimeout(() => void this.#giveBackUnused(infrastructureId, held), LINGER_MS).unref();
      }
    };
  }

  async #giveBackUnused(infrastructureId: string, held: Held): Promise<void> {
    if (held.users > 0 || this.#held.get(infrastructureId) !== held) {
      return;
    }
    this.#held.delete(infrastructureId);
    try {
      await this.#store.releaseLease(held.lease);
    } catch (error) {
      // It runs out by itself; the next owner only waits longer.
      this.#logger.warn(`Lease of infrastructure ${infrastructureId} could not be given back: ${errorText(error)}`);
    }
  }

  #startRenewing(): void {
    if (this.#timer === undefined) {
      this.#timer = setInterval(() => void this.#renewAll(), Math.max(1, Math.floor(this.#ttlMs / 3)));
      this.#timer.unref();
    }
  }

  async #renewAll(): Promise<void> {
    await Promise.all(
      [...this.#held].map(async ([infrastructureId, held]) => {
        try {
          await this.#renew(infrastructureId, held);
        } catch (error) {
          this.#logger.warn(`Lease of infrastructure ${infrastructureId} could not be renewed: ${errorText(error)}`);
        }
      }),
    );
    if (this.#held.size === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
    }
  }

  async #renew(infrastructureId: string, held: Held): Promise<void> {
    const asked = present();
    let isElsewhere = false;
    const lease = await this.#store.acquireLease(infrastructureId, held.lease.holder, this.#ttlMs, () => {
      isElsewhere = true;
      return false;
    });
    if (lease !== undefined && lease.fencing === held.lease.fencing) {
      held.lease = lease;
      held.asked = asked;
    } else if (lease !== undefined || isElsewhere || ageOf(held.asked) > this.#ttlMs) {
      this.#lose(infrastructureId, held);
    }
    // Otherwise another daemon tried to get it at that moment: it is renewed the next time.
  }

  #lose(infrastructureId: string, held: Held): void {
    if (this.#held.get(infrastructureId) === held) {
      this.#held.delete(infrastructureId);
      this.#logger.error(`Lease of infrastructure ${infrastructureId} was taken over by another daemon.`);
      for (const onLost of held.onLost) {
        onLost();
      }
    }
  }
}
