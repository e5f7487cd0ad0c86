// SPDX-License-Identifier: Apache-2.0
// The operator's price file.
import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { parsePrices, readPrices } from '../../../src/connectors/shared/prices.js';
import { failure } from '../support.js';

describe('the price file', () => {
  it('prefers the price of the region to that of all', () => {
    const table = parsePrices('# mine\nt3.micro, *, 0.01\n\nt3.micro, eu-west-1, 0.02, 13 # with units\n');
    expect(table.find('t3.micro', 'eu-west-1')).to.deep.equal({ price: 0.02, computeUnits: 13 });
    expect(table.find('t3.micro', 'us-east-1')).to.deep.equal({ price: 0.01 });
    expect(table.find('t3.nano', 'us-east-1')).to.equal(undefined);
  });

  it('names the line that is wrong', () => {
    for (const line of ['t3.micro, *', 't3.micro, *, dear', ', *, 1', 'a, *, 1, 2, 3', 'a, *, -1']) {
      expect(() => parsePrices(`a, *, 1\n${line}`), line).to.throw('line 2 is not');
    }
  });

  it('is read again when it changed, and named when it cannot be read', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'im-prices-'));
    const path = join(folder, 'prices.csv');
    try {
      await writeFile(path, 'a, *, 1');
      expect((await readPrices(path)).find('a', 'x')?.price).to.equal(1);
      await writeFile(path, 'a, *, 2');
      await utimes(path, 1, 1);
      expect((await readPrices(path)).find('a', 'x')?.price).to.equal(2);
      expect((await failure(readPrices(join(folder, 'none')))).message)
        .to.contain('The price file')
        .and.contain('none');
      expect((await readPrices('')).find('a', 'x')).to.equal(undefined);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
