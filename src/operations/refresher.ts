// SPDX-License-Identifier: Apache-2.0
// Keeps VM states fresh without making anybody wait: a read asks for a refresh, which runs in the background with the reader's credentials.
import { type AuthItem, errorText } from '../domain/index.js';
import { withTimeout } from '../util/deadline.js';
import { forManyListeners } from '../util/many-listeners.js';
import { createSemaphore } from '../util/semaphore.js';
import { CloudSession } from './cloud-session.js';
import type { OperationEngine } from './engine.js';
import type { OperationEnvironment } from './environment.js';

/** Refreshes at once; more wait their turn. */
const CONCURRENT_REFRESHES = 8;

/** Longest time that one refresh may take. */
const REFRESH_TIMEOUT_MS = 120_000;

/** Infrastructures whose last refresh is remembered. */
const REMEMBERED = 10_000;

/** Observes infrastructures on demand, each not more often than VM_INFO_UPDATE_FREQUENCY. */
export class Refresher {
  readonly #environment: OperationEnvironment;
  readonly #engine: OperationEngine;
  readonly #limit = createSemaphore(CONCURRENT_REFRESHES);
  readonly #lastStart = new Map<string, number>();
  readonly #running = new Set<Promise<void>>();
  readonly #stopping = new AbortController();
  readonly #stopped = forManyListeners(this.#stopping.signal);

  constructor(environment: OperationEnvironment, engine: OperationEngine) {
    this.#environment = environment;
    this.#engine = engine;
  }

  /** Starts a refresh when one is due. Returns at once. */
  request(infrastructureId: string, items: readonly AuthItem[]): void {
    const now = this.#environment.now();
    const last = this.#lastStart.get(infrastructureId) ?? Number.NEGATIVE_INFINITY;
    if (this.#stopped.aborted || now - last <= this.#environment.settings.vmInfoUpdateFrequencyMs) {
      return;
    }
    this.#lastStart.delete(infrastructureId);
    this.#lastStart.set(infrastructureId, now);
    if (this.#lastStart.size > REMEMBERED) {
      const [oldest] = this.#lastStart.keys();
      this.#lastStart.delete(oldest ?? '');
    }
    const refresh = this.#refresh(infrastructureId, items).finally(() => this.#running.delete(refresh));
    this.#running.add(refresh);
  }

  /** Cancels what runs and waits for it. */
  async stop(): Promise<void> {
    this.#stopping.abort(new Error('The daemon is stopping.'));
    await Promise.all(this.#running);
  }

  async #refresh(infrastructureId: string, items: readonly AuthItem[]): Promise<void> {
    try {
      await withTimeout(
        {
          timeoutMs: REFRESH_TIMEOUT_MS,
          what: `the state of infrastructure ${infrastructureId}`,
          signal: this.#stopped,
        },
        (signal) =>
          this.#limit.run(async () => {
            const borrowed = await this.#engine.borrow(infrastructureId);
            if (borrowed === undefined) {
              return;
            }
            try {
              const clouds = new CloudSession(this.#environment, items);
              await this.#engine.observer.observe(borrowed.workspace, clouds, signal);
            } finally {
              borrowed.giveBack();
            }
          }, signal),
      );
    } catch (error) {
      if (!this.#stopped.aborted) {
        this.#environment.logger.warn(`Error updating VM status: ${errorText(error)}`, { infId: infrastructureId });
      }
    }
  }
}
