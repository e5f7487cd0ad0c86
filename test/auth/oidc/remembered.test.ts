// SPDX-License-Identifier: Apache-2.0
// The short memory of confirmed tokens: bounded, by digest, least recently used first.
import { expect } from 'chai';
import { rememberSuccesses } from '../../../src/auth/oidc/remembered.js';

describe('the memory of confirmed tokens', () => {
  const memory = (maxEntries: number, expiresAtMs?: number) => {
    const asked: string[] = [];
    const clock = { now: 0 };
    const check = rememberSuccesses(
      async (token) => {
        asked.push(token);
        clock.now += 5;
        return { expiresAtMs };
      },
      { now: () => clock.now, maxAgeMs: 100, maxEntries },
    );
    return { asked, clock, check };
  };

  it('forgets what was used least recently when it is full', async () => {
    const { asked, check } = memory(2);
    for (const token of ['a', 'b', 'a', 'c', 'a', 'b']) await check(token);
    expect(asked).to.deep.equal(['a', 'b', 'c', 'b']);
  });

  it('counts from the question, not from the answer', async () => {
    const { asked, clock, check } = memory(2);
    await check('a');
    clock.now = 99;
    await check('a');
    clock.now = 100;
    await check('a');
    expect(asked).to.have.length(2);
  });

  it('keeps nothing past its expiry', async () => {
    const { asked, clock, check } = memory(2, 50);
    await check('a');
    clock.now = 49;
    await check('a');
    clock.now = 50;
    await check('a');
    expect(asked).to.have.length(2);
  });
});
