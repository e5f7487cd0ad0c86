// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import { againWhenLost } from '../../../src/contextualization/runner/lost-connection.js';
import { SshError, type SshFailure } from '../../../src/ssh/index.js';
import { failureOf } from '../../support/waiting.js';

describe('againWhenLost', () => {
  /** Fails so often, then succeeds. */
  const work = (times: number, reason: SshFailure = 'closed') => {
    let tries = 0;
    return {
      tries: () => tries,
      attempt: async () => {
        tries += 1;
        if (tries <= times) throw new SshError(reason, `${reason} ${tries}`);
        return tries;
      },
    };
  };
  const never = new AbortController().signal;

  it('begins again on a lost connection, three times at most', async () => {
    expect(await againWhenLost(never, work(2).attempt)).to.equal(3);
    const hopeless = work(5);
    expect((await failureOf(againWhenLost(never, hopeless.attempt))).message).to.equal('closed 3');
    expect(hopeless.tries()).to.equal(3);
  });

  it('passes on every other failure at once', async () => {
    for (const reason of ['timeout', 'authentication', 'host-key-changed'] as const) {
      const once = work(1, reason);
      expect((await failureOf(againWhenLost(never, once.attempt))).message).to.equal(`${reason} 1`);
      expect(once.tries()).to.equal(1);
    }
  });

  it('does not begin again when it was cancelled', async () => {
    const cancelled = work(1);
    const reason = new Error('cancelled');
    expect(await failureOf(againWhenLost(AbortSignal.abort(reason), cancelled.attempt))).to.equal(reason);
    expect(cancelled.tries()).to.equal(1);
  });
});
