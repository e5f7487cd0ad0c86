// SPDX-License-Identifier: Apache-2.0
// The Store on MongoDB: puts reads, drafted writes and the journal together.
import type { Db } from 'mongodb';
import { ImError } from '../../domain/index.js';
import type { Logger } from '../../util/logger.js';
import { createGroupQueue, type Entry, settle } from '../group-queue.js';
import type { FailureReader } from '../patience.js';
import { newOwnerHashKey, OWNER_HASH_SETTING, type OwnerHash, openOwnerHash } from '../rows/owner-hash.js';
import { textOf } from '../rows/row.js';
import type { Sealer } from '../sealing.js';
import type { Change, Store } from '../store.js';
import { createCollections, documentsOf, SETTINGS, vmKey } from './collections.js';
import { insertUnlessThere } from './insert-unless-there.js';
import { requireLease, stageAcquire, stageRelease } from './leases.js';
import { listStatistics } from './list-statistics.js';
import { readLog, readVmLogs } from './logs.js';
import type { MongoConnection } from './mongo-connection.js';
import * as reads from './reads.js';
import { requireSchemaVersion } from './schema-version.js';
import { serverTime } from './server-time.js';
import { stageChanges } from './stage-changes.js';
import { listNotTakenOver, takeOverCollection } from './take-over-collection.js';
import type { MongoWriter, WriteContext } from './writer.js';

/** What the store is made of. */
export interface MongoStoreParts {
  readonly connection: MongoConnection;
  readonly writer: MongoWriter;
  readonly sealer: Sealer;
  readonly logger: Logger;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly newId: () => string;
  readonly maxLogCharacters: number;
  /** Leases expire by `now` instead of by the server's time. */
  readonly leasesByOwnTime: boolean;
}

/** Fewer VMs are looked up one by one. */
const PREFETCH_FROM = 8;

/** Makes the store of a connected server. */
export function createMongoStore(parts: MongoStoreParts): Store {
  const { connection, writer, sealer, logger, now, newId, maxLogCharacters } = parts;
  const { db, failures } = connection;
  const queue = createGroupQueue<WriteContext>((group) => writeGroup(writer, failures, group), connection.place);
  let ownerHash: OwnerHash | undefined;

  async function requireOwnerHash(): Promise<OwnerHash> {
    ownerHash ??= await connection.read((database) => loadOwnerHash(database, sealer));
    if (ownerHash === undefined) {
      throw new ImError(
        'internal',
        `The database ${connection.place} is not set up: migrate() comes before reads and writes.`,
      );
    }
    return ownerHash;
  }

  async function stage({ draft, source }: WriteContext, hash: OwnerHash, changes: readonly Change[]): Promise<void> {
    const vms = changes.flatMap((change) =>
      change.kind === 'update-vm'
        ? [vmKey(change.infrastructureId, change.number)]
        : change.kind === 'insert-vm'
          ? [vmKey(change.vm.infrastructureId, change.vm.number)]
          : [],
    );
    if (vms.length >= PREFETCH_FROM) {
      await source.prefetch('vms', vms);
    }
    const staging = { draft, sealer, ownerHash: hash, logger, now: now(), newId, maxLogCharacters };
    await stageChanges(staging, changes);
  }

  return {
    async migrate() {
      await connection.read(async (database) => {
        await requireSchemaVersion(database, connection.place);
        await createCollections(database);
        await createOwnerKey(database, sealer);
      });
      // Also finishes what a daemon that died was about to write.
      await queue.submit(() => Promise.resolve());
      const hash = await requireOwnerHash();
      await takeOverCollection(
        connection,
        (_id, changes) => queue.submit((context) => stage(context, hash, changes)),
        now,
        logger,
      );
    },
    async close() {
      await queue.close();
      await connection.close();
    },
    async ping() {
      await connection.read((database) => database.command({ ping: 1 }));
    },

    async commit(changes, lease) {
      await queue.submit(async (context) => {
        if (lease !== undefined) {
          await requireLease(context.draft, lease);
        }
        await stage(context, await requireOwnerHash(), changes);
      });
    },

    getHeader: (id) => connection.read((database) => reads.getHeader(database, sealer, id)),
    getInfrastructure: (id) => connection.read((database) => reads.getInfrastructure(database, sealer, id)),
    async listInfrastructureIds({ ownedBy }) {
      const hash = await requireOwnerHash();
      return await connection.read((database) => reads.listInfrastructureIds(database, hash, ownedBy));
    },
    async listInfrastructuresChangedSince(time, { ownedBy } = {}) {
      const hash = await requireOwnerHash();
      return await connection.read((database) => reads.listChangedSince(database, hash, time, ownedBy));
    },

    getVm: (id, number) => connection.read((database) => reads.getVm(database, sealer, id, number)),
    listVms: (id, options) =>
      connection.read((database) => reads.listVms(database, sealer, id, options?.includeDestroyed === true)),
    listVmStatuses: (id, options) =>
      connection.read((database) => reads.listVmStatuses(database, id, options?.includeDestroyed === true)),
    countVms: () => connection.read(reads.countVms),
    async listStatistics(filter) {
      const hash = await requireOwnerHash();
      return await connection.read((database) => listStatistics(database, hash, filter));
    },

    getOperation: (id) => connection.read((database) => reads.getOperation(database, sealer, id)),
    listOperations: (filter) => connection.read((database) => reads.listOperations(database, sealer, filter)),

    listResources: (id, filter) => connection.read((database) => reads.listResources(database, id, filter)),
    listInfrastructuresWithResources: (states) =>
      connection.read((database) => reads.listInfrastructuresWithResources(database, states)),

    listNotTakenOver: () => connection.read(listNotTakenOver),

    listRevisions: (id) => connection.read((database) => reads.listRevisions(database, sealer, id)),

    readLog: (id, vm, fromCharacter) => connection.read((database) => readLog(database, id, vm, fromCharacter)),
    readVmLogs: (id) => connection.read((database) => readVmLogs(database, id)),

    acquireLease: (id, holder, ttlMs, replaces = () => false) =>
      queue.submit(async ({ draft }) => {
        const own = now();
        const present = parts.leasesByOwnTime ? own : await serverTime(db);
        return await stageAcquire(draft, { present, own }, id, holder, ttlMs, replaces);
      }),
    releaseLease: (lease) => queue.submit(({ draft }) => stageRelease(draft, lease)),
  };
}

/** Writes a group at once; an entry that fails on its own leaves the others alone. */
async function writeGroup(
  writer: MongoWriter,
  failures: FailureReader,
  group: readonly Entry<WriteContext>[],
): Promise<void> {
  const failed = new Map<Entry<WriteContext>, unknown>();
  try {
    await writer.write(async (context) => {
      failed.clear();
      for (const entry of group) {
        const mark = context.draft.mark();
        try {
          await entry.run(context);
        } catch (error) {
          if (failures.failureKind(error) !== 'write') {
            throw error;
          }
          context.draft.rollBack(mark);
          failed.set(entry, failures.describe(error));
        }
      }
    });
  } catch (error) {
    for (const entry of group) {
      entry.fail(error);
    }
    return;
  }
  settle(group, failed);
}

async function createOwnerKey(db: Db, sealer: Sealer): Promise<void> {
  if ((await loadOwnerHash(db, sealer)) === undefined) {
    await insertUnlessThere(documentsOf(db, SETTINGS), OWNER_HASH_SETTING, { content: newOwnerHashKey(sealer) });
  }
}

async function loadOwnerHash(db: Db, sealer: Sealer): Promise<OwnerHash | undefined> {
  const row = await documentsOf(db, SETTINGS).findOne({ _id: OWNER_HASH_SETTING });
  return row === null ? undefined : openOwnerHash(textOf(row, 'content'), sealer);
}
