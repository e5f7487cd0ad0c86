// SPDX-License-Identifier: Apache-2.0
// The writes of a group while they are being put together: reads see what was drafted before, nothing reaches the server yet.
import type { Row } from '../rows/row.js';
import type { CollectionName, MongoFields } from './collections.js';
import type { DocumentSource } from './source.js';
import type { DocumentWrite, Where } from './writes.js';

/** A drafted document. */
interface Drafted {
  readonly collection: CollectionName;
  readonly id: string;
  /** What is on the server; undefined for a new one. */
  readonly base: Row | undefined;
  /** What is to be written; undefined: it goes with a removal. */
  readonly fields: MongoFields | undefined;
}

/** State of a draft to go back to. */
export interface DraftMark {
  readonly drafted: ReadonlyMap<string, Drafted>;
  readonly many: number;
}

type ManyWrite = Extract<DocumentWrite, { readonly where: Where }>;

/** Puts the writes of a group together. */
export class Draft {
  readonly #source: DocumentSource;
  #drafted = new Map<string, Drafted>();
  readonly #many: ManyWrite[] = [];

  constructor(source: DocumentSource) {
    this.#source = source;
  }

  /** A document as it will be. */
  async get(collection: CollectionName, id: string): Promise<Row | undefined> {
    const drafted = this.#drafted.get(keyOf(collection, id));
    if (drafted !== undefined) {
      return drafted.fields && { ...drafted.base, ...drafted.fields };
    }
    return this.#afterMany(collection, await this.#source.get(collection, id));
  }

  /** Drafts a new document. @returns false when there is one of that key */
  async insert(collection: CollectionName, id: string, fields: MongoFields): Promise<boolean> {
    if ((await this.get(collection, id)) !== undefined) {
      return false;
    }
    this.#put({ collection, id, base: undefined, fields });
    return true;
  }

  /** Drafts a new document whose key nobody else can have. */
  create(collection: CollectionName, id: string, fields: MongoFields): void {
    this.#put({ collection, id, base: undefined, fields });
  }

  /** Drafts a change. @returns false when there is no such document */
  async update(collection: CollectionName, id: string, set: MongoFields): Promise<boolean> {
    const base = await this.get(collection, id);
    if (base === undefined) {
      return false;
    }
    this.updateKnown(collection, id, base, set);
    return true;
  }

  /** Drafts a change of a document that is known to be there. @param base what of it matters for removals */
  updateKnown(collection: CollectionName, id: string, base: Row, set: MongoFields): void {
    const drafted = this.#drafted.get(keyOf(collection, id));
    this.#put(
      drafted?.fields === undefined
        ? { collection, id, base, fields: set }
        : { ...drafted, fields: { ...drafted.fields, ...set } },
    );
  }

  /** Keeps a document as it is until the group is written. */
  async touch(collection: CollectionName, id: string): Promise<void> {
    await this.update(collection, id, {});
  }

  /** Drafts a change of all documents that are meant. */
  updateMany(collection: CollectionName, where: Where, set: MongoFields): void {
    this.#many.push({ kind: 'update-many', collection, where, set });
    for (const drafted of this.#meant(collection, where)) {
      this.#put({ ...drafted, fields: { ...drafted.fields, ...set } });
    }
  }

  /** Drafts the removal of all documents that are meant. */
  removeMany(collection: CollectionName, where: Where): void {
    this.#many.push({ kind: 'remove-many', collection, where });
    for (const drafted of this.#meant(collection, where)) {
      this.#put({ ...drafted, base: undefined, fields: undefined });
    }
  }

  mark(): DraftMark {
    return { drafted: new Map(this.#drafted), many: this.#many.length };
  }

  /** Forgets what was drafted since the mark. */
  rollBack({ drafted, many }: DraftMark): void {
    this.#drafted = new Map(drafted);
    this.#many.length = many;
  }

  /** Everything that was drafted. */
  writes(): readonly DocumentWrite[] {
    return [...this.#many, ...[...this.#drafted.values()].flatMap(writesOf)];
  }

  #put(drafted: Drafted): void {
    this.#drafted.set(keyOf(drafted.collection, drafted.id), drafted);
  }

  #meant(collection: CollectionName, where: Where): readonly Drafted[] {
    return [...this.#drafted.values()].filter(
      (drafted) =>
        drafted.collection === collection &&
        drafted.fields !== undefined &&
        isMeant(where, { ...drafted.base, ...drafted.fields }),
    );
  }

  /** A document of the server after the drafted changes of many. */
  #afterMany(collection: CollectionName, found: Row | undefined): Row | undefined {
    let row = found;
    for (const write of this.#many) {
      if (row !== undefined && write.collection === collection && isMeant(write.where, row)) {
        row = write.kind === 'remove-many' ? undefined : { ...row, ...write.set };
      }
    }
    return row;
  }
}

const keyOf = (collection: CollectionName, id: string): string => `${collection} ${id}`;

function isMeant({ infrastructureId, field, values }: Where, row: Row): boolean {
  return (
    row.infrastructure_id === infrastructureId &&
    (field === undefined || (values ?? []).some((value) => value === row[field]))
  );
}

function writesOf({ collection, id, base, fields }: Drafted): readonly DocumentWrite[] {
  if (fields === undefined) {
    return [];
  }
  if (base === undefined) {
    return [{ kind: 'insert', collection, id, fields }];
  }
  return Object.keys(fields).length === 0
    ? [{ kind: 'touch', collection, id }]
    : [{ kind: 'update', collection, id, set: fields }];
}
