// SPDX-License-Identifier: Apache-2.0
// Holds and renews the leases of the infrastructures that this daemon works on.
import { errorText, ImError } from '../domain/index.js';
import type { Lease, Store } from '../store/index.js';
import type { Logger } from '../util/logger.js';

/** How long a lease is kept after its last use: operations of one infrastructure often follow each other. */
const LINGER_MS = 5000;

interface Held {
  lease: Lease;
  users: number;
  readonly onLost: Set<() => void>;
}

/** Leases of one daemon. */
export class LeaseKeeper {
  readonly #store: Store;
  readonly #holder: string;
  readonly #ttlMs: number;
  readonly #logger: Logger;
  readonly #held = new Map<string, Held>();
  #timer: NodeJS.Timeout | undefined;

  constructor(store: Store, holder: string, ttlMs: number, logger: Logger) {
    this.#store = store;
    this.#holder = holder;
    this.#ttlMs = ttlMs;
    this.#logger = logger;
  }

  /**
   * Takes the lease of an infrastructure, or shares the one that is held.
   * @param onLost called when another daemon took it over
   * @returns a function that gives this use back, or undefined when another daemon holds the lease
   */
  async acquire(infrastructureId: string, onLost: () => void): Promise<(() => void) | undefined> {
    const known = this.#held.get(infrastructureId);
    if (known !== undefined) {
      known.users += 1;
      known.onLost.add(onLost);
      return () => this.#release(infrastructureId, onLost);
    }
    const lease = await this.#store.acquireLease(infrastructureId, this.#holder, this.#ttlMs);
    if (lease === undefined) {
      return undefined;
    }
    const raced = this.#held.get(infrastructureId);
    if (raced === undefined) {
      this.#held.set(infrastructureId, { lease, users: 1, onLost: new Set([onLost]) });
    } else {
      raced.lease = lease;
      raced.users += 1;
      raced.onLost.add(onLost);
    }
    this.#startRenewing();
    return () => this.#release(infrastructureId, onLost);
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

  #release(infrastructureId: string, onLost: () => void): void {
    const held = this.#held.get(infrastructureId);
    if (held === undefined) {
      return;
    }
    held.users -= 1;
    held.onLost.delete(onLost);
    if (held.users === 0) {
      setTimeout(() => void this.#giveBackUnused(infrastructureId, held), LINGER_MS).unref();
    }
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
    for (const [infrastructureId, held] of [...this.#held]) {
      try {
        const lease = await this.#store.acquireLease(infrastructureId, this.#holder, this.#ttlMs);
        if (lease !== undefined && lease.fencing === held.lease.fencing) {
          held.lease = lease;
        } else if (this.#held.get(infrastructureId) === held) {
          this.#held.delete(infrastructureId);
          this.#logger.error(`Lease of infrastructure ${infrastructureId} was taken over by another daemon.`);
          for (const onLost of held.onLost) {
            onLost();
          }
        }
      } catch (error) {
        this.#logger.warn(`Lease of infrastructure ${infrastructureId} could not be renewed: ${errorText(error)}`);
      }
    }
    if (this.#held.size === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
    }
  }
}
