// SPDX-License-Identifier: Apache-2.0
// Leases in MongoDB: as on SQL, drafted with the other writes of a group.
import { ImError } from '../../domain/index.js';
import { integerOf, textOf } from '../rows/row.js';
import type { Lease } from '../store.js';
import type { Draft } from './draft.js';

/** Times of a lease, milliseconds since 1970: those of the clock by which it ends, and this daemon's own. */
export interface LeaseTimes {
  readonly present: number;
  readonly own: number;
}

/** Takes or renews a lease; undefined when somebody else holds it. @param replaces see Store.acquireLease */
export async function stageAcquire(
  draft: Draft,
  times: LeaseTimes,
  infrastructureId: string,
  holder: string,
  ttlMs: number,
  replaces: (standing: Lease) => boolean,
): Promise<Lease | undefined> {
  const row = await draft.get('leases', infrastructureId);
  const standing = row && {
    infrastructureId,
    holder: textOf(row, 'holder'),
    fencing: integerOf(row, 'fencing'),
    expiresAt: integerOf(row, 'expires_at'),
  };
  const isRenewal = standing?.holder === holder;
  if (standing !== undefined && !isRenewal && standing.expiresAt > times.present && !replaces(standing)) {
    return undefined;
  }
  const fencing = (standing?.fencing ?? 0) + (isRenewal ? 0 : 1);
  const fields = { holder, fencing, expires_at: times.present + ttlMs };
  if (row === undefined) {
    await draft.insert('leases', infrastructureId, fields);
  } else {
    await draft.update('leases', infrastructureId, fields);
  }
  return { infrastructureId, holder, fencing, expiresAt: times.own + ttlMs };
}

/** Gives a lease back; does nothing when it is no longer the current one. */
export async function stageRelease(draft: Draft, lease: Lease): Promise<void> {
  if (await isCurrent(draft, lease)) {
    await draft.update('leases', lease.infrastructureId, { holder: '', expires_at: 0 });
  }
}

/**
 * Makes sure that a lease is the current one, until the group is written.
 * @throws ImError `incorrect-state` when another holder has taken over, or it was released
 */
export async function requireLease(draft: Draft, lease: Lease): Promise<void> {
  if (!(await isCurrent(draft, lease))) {
    throw new ImError(
      'incorrect-state',
      `Another daemon has taken over infrastructure ${lease.infrastructureId}: nothing was written by ${lease.holder}.`,
    );
  }
  await draft.touch('leases', lease.infrastructureId);
}

async function isCurrent(draft: Draft, { infrastructureId, holder, fencing }: Lease): Promise<boolean> {
  const row = await draft.get('leases', infrastructureId);
  return row !== undefined && textOf(row, 'holder') === holder && integerOf(row, 'fencing') === fencing;
}
