// SPDX-License-Identifier: Apache-2.0
// Creates things so that a lost answer, a crash or a deletion by hand leaves neither two of them nor one that nobody knows.
import type { JsonObject, ResourceKind } from '../../domain/index.js';
import type { ResourceRecorder } from '../connector.js';
import { isUncertain } from './errors.js';

/** Something with an id. */
interface Identified {
  readonly id: string;
}

/** What is made, and under which name in the ledger. */
export interface LedgerEntry {
  readonly kind: ResourceKind;
  readonly token: string;
  /** null: shared by the infrastructure. */
  readonly vmNumber: number | null;
  readonly data?: JsonObject;
}

/** How it is made and found. */
export interface Maker<Made extends Identified> {
  create(): Promise<Made>;
  /** By the name that the create call gives it. */
  find(): Promise<Made | undefined>;
}

/** Creates; when the answer is lost, what was made all the same is found and taken. */
export async function createSurely<Made extends Identified>({ create, find }: Maker<Made>): Promise<Made> {
  try {
    return await create();
  } catch (error) {
    if (!isUncertain(error)) throw error;
    const found = await find();
    if (found === undefined) throw error;
    return found;
  }
}

/**
 * The thing under its name: found, or created with an entry in the ledger.
 * @param existing what was found a moment ago, if anything
 */
export async function recorded<Made extends Identified>(
  resources: ResourceRecorder,
  entry: LedgerEntry,
  maker: Maker<Made>,
  existing: Made | undefined,
): Promise<Made> {
  let made: Made | undefined;
  await resources.record(
    entry,
    async () => {
      if (existing !== undefined) return existing.id;
      made = await createSurely(maker);
      return made.id;
    },
    async () => {
      made = existing ?? (await maker.find());
      return made?.id;
    },
  );
  // Without either the ledger knew an id of before, and it was removed by hand since: the new one is found by its name when it is deleted.
  return made ?? existing ?? createSurely(maker);
}
