// SPDX-License-Identifier: Apache-2.0
import { PassThrough } from 'node:stream';
import { expect } from 'chai';
import { readSecret } from '../../src/admin/read-secret.js';
import { verifyPassword } from '../../src/auth/password-hash.js';
import { AdminHouse } from './admin-house.js';

describe('im-admin hash-password', () => {
  let house: AdminHouse;
  before(async () => {
    house = await AdminHouse.make();
  });
  after(() => house.demolish());

  it('prints a hash of what was typed, another one each time, and not the password', async () => {
    house.typed = 'pa ss:wörd';
    const runs = [await house.run('hash-password'), await house.run('hash-password')];
    const hashes = runs.map(({ out }) => out.join());
    for (const [index, { status, text }] of runs.entries()) {
      expect(status).to.equal(0);
      expect(text).not.to.contain(house.typed);
      expect(await verifyPassword(house.typed, hashes[index]!)).to.equal(true);
      expect(await verifyPassword('another', hashes[index]!)).to.equal(false);
    }
    expect(hashes[0]).not.to.equal(hashes[1]);
  });

  it('asks for a password when there is none', async () => {
    house.typed = '';
    const { status, notes } = await house.run('hash-password');
    expect(status).to.equal(2);
    expect(notes).to.deep.equal(['There was no password on standard input.']);
  });

  it('reads one line, and shows a prompt only where somebody types', async () => {
    const shown: string[] = [];
    const read = (text: string): Promise<string> => {
      const input = new PassThrough();
      input.end(text);
      return readSecret(input, (note) => shown.push(note), 'Password: ');
    };
    expect(await read('s3cret\nmore\n')).to.equal('s3cret');
    expect(await read('')).to.equal('');
    expect(shown).to.deep.equal([]);
  });
});
