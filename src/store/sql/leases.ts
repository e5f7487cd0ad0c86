// SPDX-License-Identifier: Apache-2.0
// Lease rows: who may change an infrastructure. Fencing numbers only rise, so a holder that lost its lease can be told apart for ever.
import { ImError } from '../../domain/index.js';
import { flagOf, integerOf, textOf } from '../rows/row.js';
import type { Lease } from '../store.js';
import type { SqlSession } from './database.js';
import type { Dialect } from './dialect.js';

/** A time as an SQL expression and its values, milliseconds since 1970. */
export interface SqlTime {
  readonly sql: string;
  readonly values: readonly number[];
}

/** The clock by which leases expire: one for all daemons, so that none with a wrong clock takes what another one holds. */
export interface LeaseClock {
  readonly present: SqlTime;
  /** The present and some milliseconds. */
  after(ms: number): SqlTime;
  /** This daemon's own time before the lease is asked for: what it may count on. Milliseconds since 1970. */
  readonly ownTime: number;
}

/** @param serverTime the server's time as an SQL expression; undefined: the daemon's own time counts */
export function leaseClock(serverTime: string | undefined, ownTime: number): LeaseClock {
  return serverTime === undefined
    ? { ownTime, present: { sql: '?', values: [ownTime] }, after: (ms) => ({ sql: '?', values: [ownTime + ms] }) }
    : {
        ownTime,
        present: { sql: serverTime, values: [] },
        after: (ms) => ({ sql: `${serverTime} + ?`, values: [ms] }),
      };
}

/**
 * Takes or renews a lease. A new holder gets a higher fencing number; a renewal keeps its number, since nobody else wrote in between.
 * @param replaces see Store.acquireLease
 * @returns undefined when somebody else holds it, or is writing under it at this moment
 */
export async function acquireLease(
  session: SqlSession,
  dialect: Dialect,
  clock: LeaseClock,
  infrastructureId: string,
  holder: string,
  ttlMs: number,
  replaces: (standing: Lease) => boolean,
): Promise<Lease | undefined> {
  const expiresAt = clock.ownTime + ttlMs;
  // Waiting for a daemon that was stopped in the middle of a write would hold up all writes of this one.
  const free = await session.first(
    `SELECT holder, fencing, expires_at, CASE WHEN expires_at <= ${clock.present.sql} THEN 1 ELSE 0 END AS has_expired
       FROM leases WHERE infrastructure_id = ?${dialect.forUpdateIfFree}`,
    [...clock.present.values, infrastructureId],
  );
  if (free === undefined) {
    return (await insertLease(session, dialect, clock.after(ttlMs), infrastructureId, holder))
      ? { infrastructureId, holder, fencing: 1, expiresAt }
      : undefined;
  }
  const standing = {
    infrastructureId,
    holder: textOf(free, 'holder'),
    fencing: integerOf(free, 'fencing'),
    expiresAt: integerOf(free, 'expires_at'),
  };
  const isRenewal = standing.holder === holder;
  if (!isRenewal && !flagOf(free, 'has_expired') && !replaces(standing)) {
    return undefined;
  }
  const fencing = standing.fencing + (isRenewal ? 0 : 1);
  const expiry = clock.after(ttlMs);
  await session.run(
    `UPDATE leases SET holder = ?, fencing = ?, expires_at = ${expiry.sql} WHERE infrastructure_id = ?`,
    [holder, fencing, ...expiry.values, infrastructureId],
  );
  return { infrastructureId, holder, fencing, expiresAt };
}

/** Writes the first lease of an infrastructure; false when there is one already. */
async function insertLease(
  session: SqlSession,
  dialect: Dialect,
  expiry: SqlTime,
  infrastructureId: string,
  holder: string,
): Promise<boolean> {
  const known = 'SELECT holder, fencing FROM leases WHERE infrastructure_id = ?';
  if ((await session.first(known, [infrastructureId])) !== undefined) {
    return false;
  }
  await session.run(
    `INSERT INTO leases (infrastructure_id, holder, fencing, expires_at)
      VALUES (?, ?, 1, ${expiry.sql})${dialect.ignoreConflict('infrastructure_id')}`,
    [infrastructureId, holder, ...expiry.values],
  );
  const row = await session.first(known, [infrastructureId]);
  return row !== undefined && textOf(row, 'holder') === holder && integerOf(row, 'fencing') === 1;
}

/** Gives a lease back; does nothing when it is no longer the current one. The row stays for its fencing number. */
export async function releaseLease(session: SqlSession, lease: Lease): Promise<void> {
  await session.run(
    `UPDATE leases SET holder = '', expires_at = 0 WHERE infrastructure_id = ? AND holder = ? AND fencing = ?`,
    [lease.infrastructureId, lease.holder, lease.fencing],
  );
}

/**
 * Makes sure that a lease is the current one, until the transaction ends.
 * @throws ImError `incorrect-state` when another holder has taken over, or it was released
 */
export async function requireLease(session: SqlSession, lease: Lease, forUpdate: string): Promise<void> {
  const row = await session.first(
    `SELECT fencing FROM leases WHERE infrastructure_id = ? AND holder = ? AND fencing = ?${forUpdate}`,
    [lease.infrastructureId, lease.holder, lease.fencing],
  );
  if (row === undefined) {
    throw new ImError(
      'incorrect-state',
      `Another daemon has taken over infrastructure ${lease.infrastructureId}: nothing was written by ${lease.holder}.`,
    );
  }
}
