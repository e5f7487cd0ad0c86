// SPDX-License-Identifier: Apache-2.0
// The writing tools of one infrastructure, shared by everything of this daemon that works on it.
import type { Store } from '../store/index.js';
import { createSemaphore, type Semaphore } from '../util/semaphore.js';
import { Committer } from './committer.js';
import type { LeaseKeeper } from './lease-keeper.js';
import { Ledger } from './ledger.js';
import { VmDocuments } from './vm-documents.js';

/** Committer, VM writer and ledger of one infrastructure. */
export interface Workspace {
  readonly infrastructureId: string;
  readonly committer: Committer;
  readonly vms: VmDocuments;
  readonly ledger: Ledger;
  /** Held while the infrastructure's free map is read, changed and written. */
  readonly extraLock: Semaphore;
  /** See LeaseKeeper.confirm. */
  readonly confirmLease: () => Promise<void>;
}

/** Workspaces by infrastructure; kept while somebody uses them. */
export class Workspaces {
  readonly #store: Store;
  readonly #leases: LeaseKeeper;
  readonly #open = new Map<string, { readonly workspace: Workspace; users: number }>();

  constructor(store: Store, leases: LeaseKeeper) {
    this.#store = store;
    this.#leases = leases;
  }

  /** Opens (or shares) a workspace. The caller holds the lease while it writes. */
  open(infrastructureId: string): { readonly workspace: Workspace; readonly close: () => void } {
    let entry = this.#open.get(infrastructureId);
    if (entry === undefined) {
      const committer = new Committer(this.#store, {
        current: () => this.#leases.current(infrastructureId),
        refused: (lease) => this.#leases.refused(lease),
      });
      const workspace: Workspace = {
        infrastructureId,
        committer,
        vms: new VmDocuments(infrastructureId, this.#store, committer),
        ledger: new Ledger(infrastructureId, this.#store, committer),
        extraLock: createSemaphore(1),
        confirmLease: () => this.#leases.confirm(infrastructureId),
      };
      entry = { workspace, users: 0 };
      this.#open.set(infrastructureId, entry);
    }
    entry.users += 1;
    const opened = entry;
    return {
      workspace: opened.workspace,
      close: () => {
        opened.users -= 1;
        if (opened.users === 0) {
          this.#open.delete(infrastructureId);
        }
      },
    };
  }
}
