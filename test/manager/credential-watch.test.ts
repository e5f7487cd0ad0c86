// SPDX-License-Identifier: Apache-2.0
// Credentials of calls that last.
import { expect } from 'chai';
import { type Caller, ImError } from '../../src/domain/index.js';
import { watchCredentials } from '../../src/manager/credential-watch.js';

const CALLER: Caller = { owners: [{ username: 'u' }], isAdmin: false, items: [], clouds: [] };

describe('watched credentials', () => {
  let time: number;
  let asked: number;
  let failure: Error | undefined;
  const watch = () =>
    watchCredentials(
      {
        now: () => time,
        authenticate: async () => {
          asked += 1;
          if (failure) throw failure;
          return CALLER;
        },
      },
      { items: [], signal: new AbortController().signal },
    );
  beforeEach(() => {
    [time, asked, failure] = [0, 0, undefined];
  });

  it('are looked at once a minute', async () => {
    const areGood = watch();
    for (time = 0; time <= 180_000; time += 10_000) expect(await areGood()).to.equal(true);
    expect(asked).to.equal(3);
  });

  it('end with a refusal, and not with an issuer that does not answer', async () => {
    const areGood = watch();
    failure = new ImError('provider', 'no answer');
    time = 60_000;
    expect(await areGood()).to.equal(true);
    failure = new ImError('invalid-credentials', 'expired');
    time = 120_000;
    expect(await areGood()).to.equal(false);
  });
});
