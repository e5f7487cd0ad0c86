// SPDX-License-Identifier: Apache-2.0
// Group commit: writes that arrive together are handed over together, in the order in which they were submitted.
import { ImError } from '../domain/index.js';

/** A write that waits. The outcome is given to the caller only after the commit. */
export interface Entry<Context> {
  /** Does the work. It can be repeated, so it must only use the context. */
  run(context: Context): Promise<void>;
  succeed(): void;
  fail(error: unknown): void;
}

/** Writes in the order in which they were submitted. */
export interface GroupQueue<Context> {
  /** Runs a write; when the promise resolves it is on the disk. Work can be repeated, so it must only use the context. */
  submit<T>(work: (context: Context) => Promise<T>): Promise<T>;
  /** Refuses further writes and waits for those that were submitted. */
  close(): Promise<void>;
}

/** Bounds a transaction, and with it how long a reader can be kept waiting. */
const MOST_TOGETHER = 64;

/**
 * Makes a queue.
 * @param writeGroup writes a group and tells each entry its outcome; never fails
 * @param place the database in error texts
 */
export function createGroupQueue<Context>(
  writeGroup: (group: readonly Entry<Context>[]) => Promise<void>,
  place: string,
): GroupQueue<Context> {
  let waiting: Entry<Context>[] = [];
  let draining: Promise<void> | undefined;
  let isClosed = false;

  async function drain(): Promise<void> {
    while (waiting.length > 0) {
      // Everything that the present turn of the event loop still submits joins the group, and between groups others get their turn.
      await new Promise((resolve) => setImmediate(resolve));
      const group = waiting.slice(0, MOST_TOGETHER);
      waiting = waiting.slice(MOST_TOGETHER);
      await writeGroup(group);
    }
    draining = undefined;
  }

  return {
    submit: (work) =>
      new Promise((resolve, reject) => {
        if (isClosed) {
          reject(new ImError('store-unavailable', `The database ${place} is closed: the daemon is stopping.`));
          return;
        }
        waiting.push(createEntry(work, resolve, reject));
        draining ??= drain();
      }),
    async close() {
      isClosed = true;
      await draining;
    },
  };
}

/** Tells a group that was committed its outcome: some of its entries may have failed on their own. */
export function settle<Context>(
  group: readonly Entry<Context>[],
  failures: ReadonlyMap<Entry<Context>, unknown>,
): void {
  for (const entry of group) {
    if (failures.has(entry)) {
      entry.fail(failures.get(entry));
    } else {
      entry.succeed();
    }
  }
}

function createEntry<Context, T>(
  work: (context: Context) => Promise<T>,
  resolve: (result: T) => void,
  reject: (error: unknown) => void,
): Entry<Context> {
  let succeed = (): void => {};
  return {
    async run(context) {
      const result = await work(context);
      succeed = () => resolve(result);
    },
    succeed: () => succeed(),
    fail: reject,
  };
}
