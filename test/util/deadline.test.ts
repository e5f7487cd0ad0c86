// SPDX-License-Identifier: Apache-2.0
// The promises of the waiting helpers: every wait ends, by success, deadline or cancellation.
import { expect } from 'chai';
import { DeadlineError, poll, sleep, withTimeout } from '../../src/util/deadline.js';

async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('expected a failure');
}

const never = (): Promise<never> => new Promise(() => {});

describe('withTimeout', () => {
  it('answers what the task answers', async () => {
    expect(await withTimeout({ timeoutMs: 10_000, what: 'it' }, () => 7)).to.equal(7);
  });

  it('ends a task that never ends, names what was waited for, and tells the task', async () => {
    let seen: unknown;
    const failure = await failureOf(
      withTimeout({ timeoutMs: 5, what: 'the answer of the cloud' }, (signal) => {
        signal.addEventListener('abort', () => {
          seen = signal.reason;
        });
        return never();
      }),
    );
    expect(failure).to.be.instanceOf(DeadlineError);
    expect(failure).to.have.property('message', 'Timed out after 5 ms waiting for the answer of the cloud.');
    expect(seen).to.equal(failure);
  });

  it('passes the reason of the outer signal on', async () => {
    const controller = new AbortController();
    const failure = failureOf(withTimeout({ timeoutMs: 10_000, what: 'it', signal: controller.signal }, never));
    controller.abort('stopping');
    expect(await failure).to.equal('stopping');
  });

  it('does not start the task under an aborted signal', async () => {
    let started = false;
    const task = () => {
      started = true;
    };
    await failureOf(withTimeout({ timeoutMs: 10_000, what: 'it', signal: AbortSignal.abort('no') }, task));
    expect(started).to.equal(false);
  });

  it('passes a failure of the task on, also one thrown before its first await', async () => {
    const reason = new Error('broken');
    const failing = withTimeout({ timeoutMs: 10_000, what: 'it' }, () => {
      throw reason;
    });
    expect(await failureOf(failing)).to.equal(reason);
  });

  it('takes deadlines beyond what a timer can hold', async () => {
    expect(await withTimeout({ timeoutMs: 2 ** 40, what: 'it' }, () => sleep(1).then(() => 'done'))).to.equal('done');
  });
});

describe('sleep', () => {
  it('ends with the reason of the signal', async () => {
    const controller = new AbortController();
    const failure = failureOf(sleep(60_000, controller.signal));
    controller.abort('wake up');
    expect(await failure).to.equal('wake up');
    expect(await failureOf(sleep(60_000, AbortSignal.abort('already')))).to.equal('already');
  });
});

describe('poll', () => {
  it('asks until there is an answer', async () => {
    let asked = 0;
    const answer = await poll({ timeoutMs: 10_000, intervalMs: 1, what: 'it' }, () => {
      asked += 1;
      return asked === 3 ? 'there' : undefined;
    });
    expect(answer).to.equal('there');
    expect(asked).to.equal(3);
  });

  it('takes false and null for answers', async () => {
    expect(await poll({ timeoutMs: 10_000, intervalMs: 1, what: 'it' }, () => false)).to.equal(false);
    expect(await poll({ timeoutMs: 10_000, intervalMs: 1, what: 'it' }, () => null)).to.equal(null);
  });

  it('stops asking at the deadline and at the first failure', async () => {
    let asked = 0;
    const late = await failureOf(
      poll({ timeoutMs: 20, intervalMs: 1, what: 'the port' }, () => {
        asked += 1;
        return undefined;
      }),
    );
    expect(late).to.be.instanceOf(DeadlineError);
    const askedByThen = asked;
    await sleep(5);
    expect(asked).to.equal(askedByThen);
    const broken = new Error('broken');
    expect(
      await failureOf(poll({ timeoutMs: 10_000, intervalMs: 1, what: 'it' }, () => Promise.reject(broken))),
    ).to.equal(broken);
  });
});
