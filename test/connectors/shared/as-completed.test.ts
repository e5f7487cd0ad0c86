// SPDX-License-Identifier: Apache-2.0
// Results in the order in which they come, with bounded concurrency.
import { expect } from 'chai';
import { asCompleted } from '../../../src/connectors/shared/as-completed.js';
import { failure } from '../support.js';

/** Promises that the test settles itself. */
function gates(count: number) {
  return Array.from({ length: count }, () => {
    let resolve = (): void => {};
    const promise = new Promise<void>((settle) => {
      resolve = settle;
    });
    return { promise, resolve };
  });
}

describe('asCompleted', () => {
  it('hands out each result as soon as it is there', async () => {
    const [first, second] = gates(2);
    const results = asCompleted([0, 1], 2, async (item) => {
      await [first!, second!][item]!.promise;
      return item;
    });
    second!.resolve();
    expect((await results.next()).value).to.equal(1);
    first!.resolve();
    expect((await results.next()).value).to.equal(0);
    expect((await results.next()).done).to.equal(true);
  });

  it('never runs more tasks at once than allowed', async () => {
    let running = 0;
    let most = 0;
    const done: number[] = [];
    for await (const item of asCompleted([...Array(10).keys()], 3, async (item) => {
      running += 1;
      most = Math.max(most, running);
      await new Promise(setImmediate);
      running -= 1;
      return item;
    })) {
      done.push(item);
    }
    expect(most).to.equal(3);
    expect(done.toSorted((left, right) => left - right)).to.deep.equal([...Array(10).keys()]);
  });

  it('waits for the other tasks before it passes a failure on', async () => {
    const [gate] = gates(1);
    let isFinished = false;
    const all = (async () => {
      for await (const _ of asCompleted(['fail', 'slow'], 2, async (item) => {
        if (item === 'fail') throw new Error('broken');
        await gate!.promise;
        isFinished = true;
      }));
    })();
    setImmediate(() => gate!.resolve());
    expect((await failure(all)).message).to.equal('broken');
    expect(isFinished).to.equal(true);
  });
});
