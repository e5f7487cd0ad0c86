// SPDX-License-Identifier: Apache-2.0
// Requests for the state of VMs that share calls to the providers.
import { expect } from 'chai';
import { joinedRefresh, joinedRefreshByCloud } from '../../../src/operations/configure/joined-refresh.js';

describe('a joined refresh', () => {
  const asked: (readonly number[])[] = [];
  let ends: { resolve: () => void; reject: (error: Error) => void }[] = [];
  const refresh = joinedRefresh((numbers) => {
    asked.push([...numbers]);
    return new Promise((resolve, reject) => ends.push({ resolve, reject }));
  });
  const settled = () => new Promise(setImmediate);

  beforeEach(() => {
    asked.length = 0;
    ends = [];
  });

  it('asks once for those who come together, and once more for all who come meanwhile', async () => {
    const first = [1, 2].map((number) => refresh([number]));
    await settled();
    expect(asked).to.deep.equal([[1, 2]]);
    const second = [3, 1, 4].map((number) => refresh([number]));
    await settled();
    expect(asked).to.have.length(1);
    ends[0]!.resolve();
    await Promise.all(first);
    await settled();
    expect(asked).to.deep.equal([
      [1, 2],
      [3, 1, 4],
    ]);
    ends[1]!.resolve();
    await Promise.all(second);
  });

  it('keeps clouds apart, and passes over VMs that are gone', async () => {
    let looks = 0;
    const byCloud = joinedRefreshByCloud(
      async () => {
        looks += 1;
        return new Map([
          [1, 'slow'],
          [2, 'quick'],
          [3, 'slow'],
        ]);
      },
      async (numbers) => {
        asked.push([...numbers]);
        if (numbers.has(1) || numbers.has(3))
          await new Promise<void>((resolve) => ends.push({ resolve, reject: () => {} }));
      },
    );
    const slow = byCloud([1, 3]);
    await settled();
    await byCloud([2]);
    expect(asked).to.deep.equal([[1, 3], [2]]);
    expect(looks).to.equal(1);
    ends[0]!.resolve();
    await slow;
    await byCloud([9]);
    expect(asked).to.have.length(2);
  });

  it('tells those who asked that their call failed, and goes on with the next', async () => {
    const failing = refresh([1]);
    await settled();
    const next = refresh([2]);
    ends[0]!.reject(new Error('called off'));
    expect(await failing.catch((error: Error) => error.message)).to.equal('called off');
    await settled();
    ends[1]!.resolve();
    await next;
    expect(asked).to.deep.equal([[1], [2]]);
  });
});
