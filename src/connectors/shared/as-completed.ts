// SPDX-License-Identifier: Apache-2.0
// Runs a task per item with bounded concurrency and hands out the results in the order in which they come.
import { createSemaphore } from '../../util/semaphore.js';

/**
 * Yields one result per item, each as soon as it is there. All tasks run to their end even when the consumer stops listening or one of
 * them fails, so that nothing is left running unwatched; the first failure is then thrown.
 */
export async function* asCompleted<Item, Result>(
  items: readonly Item[],
  concurrency: number,
  task: (item: Item) => Promise<Result>,
): AsyncGenerator<Result> {
  const bound = createSemaphore(concurrency);
  const pending = new Map<number, Promise<{ readonly index: number; readonly result: Result }>>();
  items.forEach((item, index) => {
    pending.set(
      index,
      bound.run(() => task(item)).then((result) => ({ index, result })),
    );
  });
  try {
    while (pending.size > 0) {
      const { index, result } = await Promise.race(pending.values());
      pending.delete(index);
      yield result;
    }
  } finally {
    await Promise.allSettled(pending.values());
  }
}
