// SPDX-License-Identifier: Apache-2.0
// The writes of a batch, and carrying them out so that doing it again changes nothing.
import type { AnyBulkWriteOperation, ClientSession, Db, Filter } from 'mongodb';
import { COLLECTIONS, type CollectionName, documentsOf, type MongoDocument, type MongoFields } from './collections.js';
import { insertUnlessThere } from './insert-unless-there.js';

/** Which documents of a collection: those of an infrastructure that also have one of these values. */
export interface Where {
  readonly infrastructureId: string;
  readonly field?: string;
  readonly values?: readonly string[];
}

/** One write. Documents of a batch are named at most once by `insert`, `update` or `touch`. */
export type DocumentWrite =
  | { readonly kind: 'remove-many'; readonly collection: CollectionName; readonly where: Where }
  | {
      readonly kind: 'update-many';
      readonly collection: CollectionName;
      readonly where: Where;
      readonly set: MongoFields;
    }
  | { readonly kind: 'insert'; readonly collection: CollectionName; readonly id: string; readonly fields: MongoFields }
  | { readonly kind: 'update'; readonly collection: CollectionName; readonly id: string; readonly set: MongoFields }
  /** Changes nothing, but keeps others from changing it in the same moment. */
  | { readonly kind: 'touch'; readonly collection: CollectionName; readonly id: string };

/** How writes are carried out. */
export type WriteMode =
  /** All or nothing by the server. */
  | { readonly kind: 'transaction'; readonly session: ClientSession }
  /** Number of the batch: documents that a later batch has written are left alone. */
  | { readonly kind: 'journaled'; readonly batch: number; readonly isRepetition: boolean };

/** Field with the number of the batch that wrote a document last. */
const BATCH = 'batch';

/**
 * Operations per command. Some servers that speak the protocol keep a cursor open for each of them until the command ends.
 */
const MOST_PER_COMMAND = 25;
const MOST_PER_INSERT = 500;

/** The order in which writes of a batch are carried out. */
const ORDER = { 'remove-many': 0, 'update-many': 1, insert: 2, update: 3, touch: 3 } as const;

/**
 * Carries writes out. Headers of infrastructures come after their content, so that readers meet no version before it; changes of operations come
 * last of all: who sees the end of one sees what it did.
 */
export async function applyWrites(db: Db, writes: readonly DocumentWrite[], mode: WriteMode): Promise<void> {
  const last = writes.filter(isChangeOfOperation);
  const others = last.length === 0 ? writes : writes.filter((write) => !isChangeOfOperation(write));
  for (const name of COLLECTIONS.toReversed()) {
    const ofCollection = others
      .filter(({ collection }) => collection === name)
      .sort((a, b) => ORDER[a.kind] - ORDER[b.kind]);
    if (ofCollection.length > 0) {
      await applyToCollection(db, name, ofCollection, mode);
    }
  }
  if (last.length > 0) {
    await applyToCollection(db, 'operations', last, mode);
  }
}

const isChangeOfOperation = ({ collection, kind }: DocumentWrite): boolean =>
  collection === 'operations' && kind === 'update';

async function applyToCollection(
  db: Db,
  name: CollectionName,
  writes: readonly DocumentWrite[],
  mode: WriteMode,
): Promise<void> {
  const collection = documentsOf(db, name);
  const options = mode.kind === 'transaction' ? { session: mode.session } : {};
  const update = async (operations: readonly AnyBulkWriteOperation<MongoDocument>[]): Promise<void> => {
    for (const part of partsOf(operations, MOST_PER_COMMAND)) {
      await collection.bulkWrite(part, { ...options, ordered: true });
    }
  };
  await update(writes.filter(({ kind }) => ORDER[kind] < ORDER.insert).flatMap((write) => operationOf(write, mode)));
  const inserts = writes.filter((write) => write.kind === 'insert');
  if (mode.kind === 'journaled' && mode.isRepetition) {
    // Some of them may be there already.
    for (const { id, fields } of inserts) {
      await insertUnlessThere(collection, id, { ...fields, [BATCH]: mode.batch });
    }
  } else {
    const mark = mode.kind === 'journaled' ? { [BATCH]: mode.batch } : {};
    for (const part of partsOf(inserts, MOST_PER_INSERT)) {
      await collection.insertMany(
        part.map(({ id, fields }) => ({ _id: id, ...fields, ...mark })),
        { ...options, ordered: true },
      );
    }
  }
  await update(writes.filter(({ kind }) => ORDER[kind] > ORDER.insert).flatMap((write) => operationOf(write, mode)));
}

function operationOf(write: DocumentWrite, mode: WriteMode): AnyBulkWriteOperation<MongoDocument>[] {
  const mark = mode.kind === 'journaled' ? { [BATCH]: mode.batch } : {};
  // What this batch made itself is not meant by its removals; what later ones made is left alone altogether.
  const before = mode.kind === 'journaled' ? { [BATCH]: { $lt: mode.batch } } : {};
  const notAfter = mode.kind === 'journaled' ? { [BATCH]: { $lte: mode.batch } } : {};
  switch (write.kind) {
    case 'remove-many':
      return [{ deleteMany: { filter: { ...filterOf(write.where), ...before } } }];
    case 'update-many':
      return [
        {
          updateMany: { filter: { ...filterOf(write.where), ...before }, update: { $set: { ...write.set, ...mark } } },
        },
      ];
    case 'insert':
      return [];
    case 'update':
      return [
        {
          updateOne: { filter: { _id: write.id, ...notAfter }, update: { $set: { ...write.set, ...mark } } },
        },
      ];
    case 'touch':
      return mode.kind === 'transaction'
        ? [{ updateOne: { filter: { _id: write.id }, update: { $inc: { touched: 1 } } } }]
        : [];
  }
}

function filterOf({ infrastructureId, field, values }: Where): Filter<MongoDocument> {
  return {
    infrastructure_id: infrastructureId,
    ...(field !== undefined && values !== undefined && { [field]: { $in: values } }),
  };
}

function* partsOf<T>(list: readonly T[], size: number): Generator<T[]> {
  for (let start = 0; start < list.length; start += size) {
    yield list.slice(start, start + size);
  }
}
