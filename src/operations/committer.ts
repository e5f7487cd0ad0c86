// SPDX-License-Identifier: Apache-2.0
// Group commit for one infrastructure: batches that arrive while one is being written go into the next transaction together.
import { ImError } from '../domain/index.js';
import type { Change, Lease, Store } from '../store/index.js';

/** The lease to write with. */
export interface WritingLease {
  /** @throws ImError `incorrect-state` when it is not held (any more) */
  current(): Lease;
  /** The store has refused a write under this lease. */
  refused(lease: Lease): void;
}

interface Waiting {
  readonly changes: readonly Change[];
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Writes batches of one infrastructure in order, under its lease. */
export class Committer {
  readonly #store: Store;
  readonly #lease: WritingLease;
  #waiting: Waiting[] = [];
  #isWriting = false;

  constructor(store: Store, lease: WritingLease) {
    this.#store = store;
    this.#lease = lease;
  }

  /** Writes these changes with the next batch, before it. For what is true already and need not be durable on its own. */
  attach(changes: readonly Change[]): void {
    this.#waiting.push({ changes, resolve: () => undefined, reject: () => undefined });
  }

  /** Resolves when the batch is durable. Each batch stays whole; several may share a transaction. */
  commit(changes: readonly Change[]): Promise<void> {
    if (changes.length === 0) {
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ changes, resolve, reject });
      if (!this.#isWriting) {
        void this.#write();
      }
    });
  }

  async #write(): Promise<void> {
    this.#isWriting = true;
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      let lease: Lease | undefined;
      try {
        lease = this.#lease.current();
        await this.#store.commit(
          batch.flatMap(({ changes }) => changes),
          lease,
        );
        for (const { resolve } of batch) {
          resolve();
        }
      } catch (error) {
        if (lease !== undefined && error instanceof ImError && error.code === 'incorrect-state') {
          this.#lease.refused(lease);
        }
        for (const { reject } of batch) {
          reject(error);
        }
      }
    }
    this.#isWriting = false;
  }
}
