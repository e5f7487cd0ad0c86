// SPDX-License-Identifier: Apache-2.0
// Looks for work that lies in the journal and that nobody does: requests that another daemon accepted for an infrastructure whose lease
// is here, and what a daemon that died left behind.
import { errorText, isCancelRequested, type Operation, type OperationState } from '../domain/index.js';
import { sleep } from '../util/deadline.js';
import type { OperationEnvironment } from './environment.js';
import type { Lanes } from './lanes.js';
import type { LeaseKeeper } from './lease-keeper.js';

const UNFINISHED: readonly OperationState[] = ['queued', 'running'];

/** How often the journal is looked at. A call to a daemon without the lease waits about this long for the one that has it. */
const SCAN_MS = 1000;

/**
 * How often the leases of infrastructures with unfinished operations are tried. A daemon that died is replaced at most LEASE_SECONDS and
 * this time, and that of a scan, after its end.
 */
const TAKE_OVER_MS = 3000;

/** Brings unfinished operations into the lanes of this daemon when it has, or can take, their lease. */
export class Scout {
  readonly #environment: OperationEnvironment;
  readonly #lanes: Lanes;
  readonly #leases: LeaseKeeper;

  constructor(environment: OperationEnvironment, lanes: Lanes, leases: LeaseKeeper) {
    this.#environment = environment;
    this.#lanes = lanes;
    this.#leases = leases;
  }

  /** Scans until the signal aborts. A scan that fails is logged and repeated. */
  async run(signal: AbortSignal): Promise<void> {
    let lastTakeOver = performance.now();
    while (!signal.aborted) {
      await sleep(SCAN_MS, signal).catch(() => undefined);
      if (signal.aborted) {
        return;
      }
      try {
        const isTakingOver = performance.now() - lastTakeOver >= TAKE_OVER_MS;
        if (isTakingOver) {
          lastTakeOver = performance.now();
        }
        await this.scan(isTakingOver);
      } catch (error) {
        this.#environment.logger.warn(`The journal could not be looked at: ${errorText(error)}`);
      }
    }
  }

  /**
   * One look at the journal.
   * @param isTakingOver also try the leases that this daemon does not hold: free and expired ones
   * @returns how many operations were taken up
   */
  async scan(isTakingOver: boolean): Promise<number> {
    const unfinished = await this.#environment.store.listOperations({ states: UNFINISHED });
    const infrastructures = new Set<string>();
    for (const operation of unfinished) {
      if (!this.#lanes.has(operation.id)) {
        infrastructures.add(operation.infrastructureId);
      } else {
        this.#cancelWhenRequested(operation);
      }
    }
    const taken = await Promise.all(
      [...infrastructures].map(async (infrastructureId) => {
        if (!isTakingOver && !this.#leases.isHeld(infrastructureId)) {
          return 0;
        }
        const release = await this.#leases.acquire(infrastructureId, () => undefined);
        if (release === undefined) {
          return 0;
        }
        try {
          return await this.#takeUp(infrastructureId);
        } finally {
          release();
        }
      }),
    );
    return taken.reduce((sum, count) => sum + count, 0);
  }

  /**
   * In order of acceptance; beside a destroy nothing else is worth going on with. Read anew under the lease: until it was there another
   * daemon may have gone on.
   * @returns how many
   */
  async #takeUp(infrastructureId: string): Promise<number> {
    const unfinished = await this.#environment.store.listOperations({ infrastructureId, states: UNFINISHED });
    const isDoomed = unfinished.some(({ kind }) => kind === 'destroy');
    const unknown = unfinished.filter(({ id }) => !this.#lanes.has(id));
    for (const operation of unknown) {
      if (isDoomed && operation.kind !== 'destroy') {
        await this.#lanes.cancelQueued(operation, 'The infrastructure is being destroyed.');
      } else {
        this.#lanes.enqueue(operation);
        this.#cancelWhenRequested(operation);
      }
    }
    return unknown.length;
  }
  #cancelWhenRequested(operation: Operation): void {
    if (isCancelRequested(operation)) {
      this.#lanes.cancel(operation, operation.error?.message ?? '');
    }
  }
}
