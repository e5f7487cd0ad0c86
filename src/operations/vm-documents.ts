// SPDX-License-Identifier: Apache-2.0
// Changes of VM rows that depend on what the row holds: one at a time per VM, so that no writer overwrites another's part.
import { daemonKeysOf, type JsonObject, type VirtualMachine } from '../domain/index.js';
import type { Store, VmChanges } from '../store/index.js';
import { createKeyedSemaphore } from '../util/keyed-semaphore.js';
import type { Committer } from './committer.js';

/** Computes the change of a VM from its present row; undefined: nothing to change. */
export type VmChange = (vm: VirtualMachine) => VmChanges | undefined;

/** Read-modify-write of the VM rows of one infrastructure. */
export class VmDocuments {
  readonly #infrastructureId: string;
  readonly #store: Store;
  readonly #committer: Committer;
  readonly #locks = createKeyedSemaphore(1);
  /** How often this daemon changed a VM's document: tells an observer that its answer is based on an old one. */
  readonly #revisions = new Map<number, number>();

  constructor(infrastructureId: string, store: Store, committer: Committer) {
    this.#infrastructureId = infrastructureId;
    this.#store = store;
    this.#committer = committer;
  }

  /** Present revision of a VM's document. */
  revision(number: number): number {
    return this.#revisions.get(number) ?? 0;
  }

  /**
   * Applies a change to the VM's present row. Nothing happens when the VM is gone.
   * @param expectedRevision when given and the document was changed since, `info` and `extra` of the change are dropped
   */
  async update(number: number, change: VmChange, expectedRevision?: number): Promise<void> {
    await this.#locks.run(String(number), async () => {
      const vm = await this.#store.getVm(this.#infrastructureId, number);
      if (vm === undefined || vm.isDestroyed) {
        return;
      }
      const changed = change(vm);
      if (changed === undefined) {
        return;
      }
      const set = withOwnKeys(vm.extra, changed);
      await this.#commit(
        number,
        expectedRevision !== undefined && expectedRevision !== this.revision(number) ? withoutDocument(set) : set,
      );
    });
  }

  /** Writes columns that do not depend on the present row, after the writers that came before. */
  async set(number: number, set: VmChanges): Promise<void> {
    if (set.extra !== undefined) {
      await this.update(number, () => set);
      return;
    }
    await this.#locks.run(String(number), () => this.#commit(number, set));
  }

  async #commit(number: number, set: VmChanges): Promise<void> {
    if (set.info !== undefined || set.extra !== undefined) {
      this.#revisions.set(number, this.revision(number) + 1);
    }
    await this.#committer.commit([{ kind: 'update-vm', infrastructureId: this.#infrastructureId, number, set }]);
  }
}

/** Connectors answer what they keep with a VM; what the daemon keeps beside it stays unless the change names it. */
function withOwnKeys(present: JsonObject, set: VmChanges): VmChanges {
  return set.extra === undefined ? set : { ...set, extra: { ...daemonKeysOf(present), ...set.extra } };
}

function withoutDocument({ info: _info, extra: _extra, ...rest }: VmChanges): VmChanges {
  return rest;
}
