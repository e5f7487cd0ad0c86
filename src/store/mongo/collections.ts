// SPDX-License-Identifier: Apache-2.0
// The collections and their indexes: one document per thing with the columns of the SQL tables, so that both read them alike.
import type { Collection, Db, Document, IndexDescription } from 'mongodb';
import type { SqlValue } from '../rows/row.js';
import { isNamespaceThere } from './mongo-errors.js';

/** What a member of a stored document can be. */
export type MongoValue = SqlValue | readonly string[];

/** A stored document without its key. */
export type MongoFields = Readonly<Record<string, MongoValue>>;

/** A stored document. Its fields are read as a Row. */
export interface MongoDocument extends Document {
  _id: string;
}

/** Collections whose documents belong to an infrastructure and are changed by batches. */
export const COLLECTIONS = [
  'infrastructures',
  'infrastructure_documents',
  'vms',
  'vm_documents',
  'operations',
  'resources',
  'revisions',
  'log_heads',
  'log_chunks',
  'leases',
  'counters',
] as const;

/** Name of a collection that batches change. */
export type CollectionName = (typeof COLLECTIONS)[number];

/** Settings that are written once. */
export const SETTINGS = 'store_settings';
/** The turns of the writers, where the server has no transactions. */
export const WRITER = 'writer';
/** The writers that wait for their turn, where the server has no transactions. */
export const WAITING = 'waiting_writers';
/** What a committed batch still has to write, where the server has no transactions. */
export const JOURNAL = 'journal';

const INDEXES: Readonly<Record<string, readonly IndexDescription[]>> = {
  infrastructures: [
    { key: { is_deleted: 1, created_at: -1, sequence: -1 }, name: 'list' },
    { key: { owner_hashes: 1 }, name: 'owners' },
    { key: { updated_at: 1 }, name: 'changes' },
  ],
  vms: [
    { key: { infrastructure_id: 1, vm_number: 1 }, name: 'of_infrastructure' },
    { key: { is_destroyed: 1, is_of_deleted: 1, cloud_type: 1, cloud_state: 1 }, name: 'counts' },
  ],
  vm_documents: [{ key: { infrastructure_id: 1, vm_number: 1 }, name: 'of_infrastructure' }],
  operations: [
    { key: { infrastructure_id: 1, sequence: 1 }, name: 'of_infrastructure' },
    { key: { state: 1, sequence: 1 }, name: 'by_state' },
  ],
  resources: [
    { key: { infrastructure_id: 1, sequence: 1 }, name: 'of_infrastructure' },
    { key: { state: 1, infrastructure_id: 1 }, name: 'by_state' },
  ],
  revisions: [{ key: { infrastructure_id: 1, revision_number: 1 }, name: 'of_infrastructure' }],
  log_heads: [{ key: { infrastructure_id: 1 }, name: 'of_infrastructure' }],
  log_chunks: [
    { key: { generation: 1, first_character: 1 }, name: 'of_log' },
    { key: { infrastructure_id: 1 }, name: 'of_infrastructure' },
  ],
  [WRITER]: [{ key: { turn: -1 }, name: 'latest' }],
  [JOURNAL]: [{ key: { batch: 1 }, name: 'of_batch' }],
};

/** Creates the collections and indexes that are missing. Transactions of older servers cannot create collections. */
export async function createCollections(db: Db): Promise<void> {
  const present = new Set((await db.listCollections({}, { nameOnly: true }).toArray()).map(({ name }) => name));
  for (const name of COLLECTIONS.filter((wanted) => !present.has(wanted))) {
    await createUnlessThere(db, name);
  }
  for (const [name, indexes] of Object.entries(INDEXES)) {
    const collection = db.collection(name);
    const known = new Set(present.has(name) ? (await collection.indexes()).map((index) => index.name) : []);
    // Some servers that speak the protocol fail for an index that is there.
    const missing = indexes.filter((index) => !known.has(index.name));
    if (missing.length > 0) {
      await collection.createIndexes(missing);
    }
  }
}

/** Another starter may be faster. */
async function createUnlessThere(db: Db, name: string): Promise<void> {
  try {
    await db.createCollection(name);
  } catch (error) {
    if (!isNamespaceThere(error)) {
      throw error;
    }
  }
}

/** A collection of documents of ours. */
export function documentsOf(db: Db, name: string): Collection<MongoDocument> {
  return db.collection<MongoDocument>(name);
}

/** Key of a VM's documents. */
export const vmKey = (infrastructureId: string, number: number): string => `${infrastructureId}/${number}`;

/** Key of a log. */
export const logKey = (infrastructureId: string, vm: number | null): string => `${infrastructureId}/${vm ?? 'own'}`;
