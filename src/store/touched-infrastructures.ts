// SPDX-License-Identifier: Apache-2.0
// Which infrastructures get a new version by a batch.
import type { Change } from './store.js';

/** Ids of existing infrastructures whose version rises, always in the same order so that no two batches wait for each other. */
export function touchedInfrastructures(changes: readonly Change[]): readonly string[] {
  const touched = new Set<string>();
  const inserted = new Set<string>();
  for (const change of changes) {
    switch (change.kind) {
      case 'insert-infrastructure':
        inserted.add(change.infrastructure.id);
        break;
      case 'update-infrastructure':
      case 'add-owners':
        touched.add(change.id);
        break;
      case 'insert-vm':
        touched.add(change.vm.infrastructureId);
        break;
      case 'update-vm':
      case 'append-log':
      case 'reset-log':
        touched.add(change.infrastructureId);
        break;
      default:
        break;
    }
  }
  return [...touched].filter((id) => !inserted.has(id)).sort();
}
