// SPDX-License-Identifier: Apache-2.0
// A minute of the checker in test/nemesis. A run that fails is looked into with `npm run nemesis -- --seed S --keep DIR`.
import { expect } from 'chai';
import { ORDINARY_RUN, runNemesis } from '../../nemesis/run.js';
import { needClusterPeers } from '../../support/cluster/cluster-peers.js';

const seed = Number(process.env.IM_NEMESIS_SEED ?? Date.now() % 1_000_000);

describe('a minute of things going wrong', function () {
  this.timeout(420_000);

  it('loses nothing, leaks nothing and shows nothing wrong', async function () {
    needClusterPeers(this, ORDINARY_RUN.database);
    console.log(`    seed ${seed}`);
    const { violations, figures } = await runNemesis({ ...ORDINARY_RUN, seed });
    for (const line of figures.filter((text) => /^(faults|take-overs|cloud)/.test(text))) console.log(`    ${line}`);
    expect(violations, `seed ${seed}\n${figures.join('\n')}`).to.deep.equal([]);
  });
});
