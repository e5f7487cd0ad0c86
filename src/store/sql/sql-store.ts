// SPDX-License-Identifier: Apache-2.0
// The Store on a SQL database: puts the tables together.
import { ImError } from '../../domain/index.js';
import type { Logger } from '../../util/logger.js';
import type { OwnerHash } from '../rows/owner-hash.js';
import type { Sealer } from '../sealing.js';
import type { Change, Store } from '../store.js';
import { applyChanges } from './apply-changes.js';
import { type Batch, createBatch } from './batch.js';
import { createCommitWitness } from './commit-witness.js';
import type { SqlDatabase, SqlSession } from './database.js';
import { getHeader, getInfrastructure, listChangedSince, listInfrastructureIds } from './infrastructures.js';
import { acquireLease, leaseClock, releaseLease, requireLease } from './leases.js';
import { listStatistics } from './list-statistics.js';
import { readLog, readVmLogs } from './logs.js';
import { migrateTables } from './migrate.js';
import { MIGRATIONS } from './migrations/index.js';
import { getOperation, listOperations } from './operations.js';
import { createOwnerKey, loadOwnerHash } from './owner-key.js';
import { listInfrastructuresWithResources, listResources } from './resources.js';
import { listRevisions } from './revisions.js';
import { listNotTakenOver, takeOverTable } from './take-over-table.js';
import { countVms, getVm, listVmStatuses, listVms } from './vms.js';
import { createWriteQueue } from './write-queue.js';

/** What the store is made of. */
export interface SqlStoreParts {
  readonly database: SqlDatabase;
  readonly sealer: Sealer;
  readonly logger: Logger;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Bound of one log, characters. */
  readonly maxLogCharacters: number;
  /** Unique among all stores on the database. */
  readonly writerId: string;
  /** Leases expire by `now` instead of by the server's time. */
  readonly leasesByOwnTime: boolean;
}

/** Makes the store of a connected database. */
export function createSqlStore(parts: SqlStoreParts): Store {
  const { database, sealer, logger, now, maxLogCharacters } = parts;
  const { dialect } = database;
  const { forUpdate, pingQuery, place, serverTime } = dialect;
  // A commit on this machine cannot get lost on its way.
  const witness = dialect.cut && createCommitWitness(dialect, parts.writerId, now);
  const queue = createWriteQueue(database, witness);
  let ownerHash: OwnerHash | undefined;

  async function requireOwnerHash(session: SqlSession): Promise<OwnerHash> {
    ownerHash ??= await loadOwnerHash(session, sealer);
    if (ownerHash === undefined) {
      throw new ImError('internal', `The database ${place} is not set up: migrate() comes before reads and writes.`);
    }
    return ownerHash;
  }

  /** The deletion itself is committed: what goes wrong here is made up for by the next one. */
  async function afterScrub(): Promise<void> {
    const statement = dialect.afterScrub;
    if (statement !== undefined) {
      await database
        .read((session) => session.all(statement))
        .catch((error: unknown) => {
          logger.debug('What was deleted may still be in the log of the database.', { error });
        });
    }
  }

  const leaseTime = parts.leasesByOwnTime ? undefined : serverTime;

  const newBatch = (session: SqlSession, hash: OwnerHash): Batch =>
    createBatch({ session, sealer, ownerHash: hash, logger, now: now(), maxLogCharacters, forUpdate });

  return {
    async migrate() {
      await migrateTables(database, MIGRATIONS, now, logger);
      await database.write((session) => createOwnerKey(session, sealer, dialect));
      // Its row must be there before the first commit that can get lost.
      await database.write(async (session) => witness?.mark(session));
      // Read after the commit: a key that was rolled back must not be remembered.
      const hash = await database.read(requireOwnerHash);
      await takeOverTable(database, (session) => newBatch(session, hash), now, logger);
    },
    async close() {
      await queue.close();
      await database.close();
    },
    async ping() {
      await database.read((session) => session.all(pingQuery));
    },

    async commit(changes, lease) {
      await queue.submit(async (session) => {
        if (lease !== undefined) {
          await requireLease(session, lease, forUpdate);
        }
        await applyChanges(newBatch(session, await requireOwnerHash(session)), changes);
      });
      if (changes.some(isScrub)) {
        await afterScrub();
      }
    },

    getHeader: (id) => database.read((session) => getHeader(session, sealer, id)),
    getInfrastructure: (id) => database.read((session) => getInfrastructure(session, sealer, id)),
    listInfrastructureIds: ({ ownedBy }) =>
      database.read(async (session) => listInfrastructureIds(session, await requireOwnerHash(session), ownedBy)),
    listInfrastructuresChangedSince: (time, { ownedBy } = {}) =>
      database.read(async (session) => listChangedSince(session, await requireOwnerHash(session), time, ownedBy)),

    getVm: (id, number) => database.read((session) => getVm(session, sealer, id, number)),
    listVms: (id, options) => database.read((session) => listVms(session, sealer, id, options)),
    listVmStatuses: (id, options) => database.read((session) => listVmStatuses(session, id, options)),
    countVms: () => database.read(countVms),
    listStatistics: (filter) =>
      database.read(async (session) => listStatistics(session, await requireOwnerHash(session), filter)),

    getOperation: (id) => database.read((session) => getOperation(session, sealer, id)),
    listOperations: (filter) => database.read((session) => listOperations(session, sealer, filter)),

    listResources: (id, filter) => database.read((session) => listResources(session, id, filter)),
    listInfrastructuresWithResources: (states) =>
      database.read((session) => listInfrastructuresWithResources(session, states)),

    listNotTakenOver: () => database.read(listNotTakenOver),

    listRevisions: (id) => database.read((session) => listRevisions(session, sealer, id)),

    readLog: (id, vm, fromCharacter) => database.read((session) => readLog(session, id, vm, fromCharacter)),
    readVmLogs: (id) => database.read((session) => readVmLogs(session, id)),

    acquireLease: (id, holder, ttlMs, replaces = () => false) =>
      queue.submit((session) =>
        acquireLease(session, dialect, leaseClock(leaseTime, now()), id, holder, ttlMs, replaces),
      ),
    releaseLease: (lease) => queue.submit((session) => releaseLease(session, lease)),
  };
}

/** Does a change take secrets away? */
const isScrub = (change: Change): boolean =>
  change.kind === 'purge-infrastructure' || (change.kind === 'update-infrastructure' && change.set.isDeleted === true);
