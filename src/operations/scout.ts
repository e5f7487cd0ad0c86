// SPDX-License-Identifier: Apache-2.0
// Looks for work that lies in the journal and that nobody does: requests that another daemon accepted for an infrastructure whose lease
// is here, and what a daemon that died left behind.
import { errorText, isCancelRequested, type Operation } from '../domain/index.js';
import { sleep } from '../util/deadline.js';
import type { OperationEnvironment } from './environment.js';
import type { Lanes } from './lanes.js';
import type { LeaseKeeper } from './lease-keeper.js';

/** How often the journal is looked at. A call to a daemon without the lease waits about this long for the one that has it. */
const SCAN_MS = 1000;

/** Every so many scans the leases of infrastructures with unfinished operations are tried. */
const SCANS_PER_TAKE_OVER = 5;

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
    for (let scan = 1; !signal.aborted; scan += 1) {
      await sleep(SCAN_MS, signal).catch(() => undefined);
      if (signal.aborted) {
        return;
      }
      try {
        await this.scan(scan % SCANS_PER_TAKE_OVER === 0);
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
    const unfinished = await this.#environment.store.listOperations({ states: ['queued', 'running'] });
    const byInfrastructure = new Map<string, Operation[]>();
    for (const operation of unfinished) {
      if (this.#lanes.has(operation.id)) {
        if (isCancelRequested(operation)) {
          this.#lanes.cancel(operation, operation.error?.message ?? '');
        }
      } else {
        const group = byInfrastructure.get(operation.infrastructureId) ?? [];
        group.push(operation);
        byInfrastructure.set(operation.infrastructureId, group);
      }
    }
    let taken = 0;
    for (const [infrastructureId, operations] of byInfrastructure) {
      if (isTakingOver || this.#leases.isHeld(infrastructureId)) {
        const release = await this.#leases.acquire(infrastructureId, () => undefined);
        if (release !== undefined) {
          await this.#takeUp(operations);
          release();
          taken += operations.length;
        }
      }
    }
    return taken;
  }

  /** In order of acceptance; beside a destroy nothing else is worth going on with. */
  async #takeUp(operations: readonly Operation[]): Promise<void> {
    const isDoomed = operations.some(({ kind }) => kind === 'destroy');
    for (const operation of operations) {
      if (isDoomed && operation.kind !== 'destroy') {
        await this.#lanes.cancelQueued(operation, 'The infrastructure is being destroyed.');
      } else {
        this.#lanes.enqueue(operation);
        if (isCancelRequested(operation)) {
          this.#lanes.cancel(operation, operation.error?.message ?? '');
        }
      }
    }
  }
}
