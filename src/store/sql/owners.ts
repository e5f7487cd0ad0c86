// SPDX-License-Identifier: Apache-2.0
// Owners as rows: keyed hashes by which the list of a user is found.
import type { Owner } from '../../domain/index.js';
import type { OwnerHash } from '../rows/owner-hash.js';
import type { Batch } from './batch.js';
import { insertRow, placesFor } from './statements.js';

/** Condition on `infrastructures` for having one of the owners; undefined when all are meant. */
export function ownedByCondition(
  ownedBy: readonly Owner[] | undefined,
  ownerHash: OwnerHash,
): { readonly sql: string; readonly values: readonly string[] } | undefined {
  if (ownedBy === undefined) {
    return undefined;
  }
  const values = [...new Set(ownedBy.map(ownerHash))];
  const sql =
    values.length === 0
      ? '1 = 0'
      : `infrastructures.id IN (SELECT infrastructure_id FROM owners WHERE identity_hash IN (${placesFor(values)}))`;
  return { sql, values };
}

/** Replaces the rows by which an infrastructure is found. They stay when it is deleted: statistics are asked by owner. */
export async function indexOwners(
  { session, ownerHash }: Batch,
  infrastructureId: string,
  owners: readonly Owner[],
): Promise<void> {
  await session.run('DELETE FROM owners WHERE infrastructure_id = ?', [infrastructureId]);
  for (const [position, owner] of owners.entries()) {
    await insertRow(session, 'owners', {
      infrastructure_id: infrastructureId,
      position,
      identity_hash: ownerHash(owner),
      user_name: owner.username,
    });
  }
}
