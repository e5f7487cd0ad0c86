// SPDX-License-Identifier: Apache-2.0
// The promises of the semaphores: bound, fairness, cancellation.
import { expect } from 'chai';
import { createKeyedSemaphore } from '../../src/util/keyed-semaphore.js';
import { createSemaphore } from '../../src/util/semaphore.js';

/** Lets everything that is ready run. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('expected a failure');
}

describe('semaphore', () => {
  it('never lets more than its permits run at once', async () => {
    const semaphore = createSemaphore(3);
    let running = 0;
    let most = 0;
    const tasks = Array.from({ length: 20 }, () =>
      semaphore.run(async () => {
        running += 1;
        most = Math.max(most, running);
        await settle();
        running -= 1;
      }),
    );
    await Promise.all(tasks);
    expect(most).to.equal(3);
    expect(semaphore.inUse).to.equal(0);
  });

  it('serves in the order of asking, also against newcomers that find a permit just given back', async () => {
    const semaphore = createSemaphore(1);
    const order: string[] = [];
    const release = await semaphore.acquire();
    const first = semaphore.acquire().then((done) => {
      order.push('first');
      done();
    });
    const second = semaphore.acquire().then((done) => {
      order.push('second');
      done();
    });
    release();
    expect(semaphore.tryAcquire()).to.equal(undefined);
    await Promise.all([first, second]);
    expect(order).to.deep.equal(['first', 'second']);
  });

  it('gives up the place in the queue with the reason of the signal', async () => {
    const semaphore = createSemaphore(1);
    const release = await semaphore.acquire();
    const controller = new AbortController();
    const cancelled = failureOf(semaphore.acquire(controller.signal));
    const patient = semaphore.acquire();
    const reason = new Error('enough');
    controller.abort(reason);
    expect(await cancelled).to.equal(reason);
    expect(semaphore.waiting).to.equal(1);
    release();
    (await patient)();
    expect(semaphore.inUse).to.equal(0);
  });

  it('refuses a signal that is already aborted even when a permit is free', async () => {
    const semaphore = createSemaphore(1);
    expect(await failureOf(semaphore.acquire(AbortSignal.abort('no')))).to.equal('no');
    expect(semaphore.inUse).to.equal(0);
  });

  it('takes a release only once', async () => {
    const semaphore = createSemaphore(1);
    const release = await semaphore.acquire();
    release();
    release();
    expect(semaphore.inUse).to.equal(0);
    await semaphore.acquire();
    expect(semaphore.tryAcquire()).to.equal(undefined);
  });

  it('gives the permit back when the task fails', async () => {
    const semaphore = createSemaphore(1);
    await failureOf(semaphore.run(() => Promise.reject(new Error('broken'))));
    expect(semaphore.inUse).to.equal(0);
  });

  it('refuses a number of permits that cannot be', () => {
    for (const permits of [0, -1, 1.5, Number.NaN]) expect(() => createSemaphore(permits)).to.throw(RangeError);
    expect(createSemaphore(Number.POSITIVE_INFINITY).tryAcquire()).to.be.a('function');
  });
});

describe('keyed semaphore', () => {
  it('bounds each key on its own and forgets idle ones', async () => {
    const semaphore = createKeyedSemaphore(1);
    const one = await semaphore.acquire('one');
    const other = await semaphore.acquire('other');
    let gotSecond = false;
    const second = semaphore.run('one', async () => {
      gotSecond = true;
    });
    await settle();
    expect(gotSecond).to.equal(false);
    one();
    await second;
    other();
    expect(gotSecond).to.equal(true);
    expect(semaphore.size).to.equal(0);
  });

  it('forgets a key whose only waiter gave up after the holder was done', async () => {
    const semaphore = createKeyedSemaphore(1);
    const release = await semaphore.acquire('key');
    const controller = new AbortController();
    const cancelled = failureOf(semaphore.acquire('key', controller.signal));
    controller.abort('stop');
    await cancelled;
    expect(semaphore.size).to.equal(1);
    release();
    expect(semaphore.size).to.equal(0);
  });
});
