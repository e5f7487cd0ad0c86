// SPDX-License-Identifier: Apache-2.0
// DATA_DB forms of persistence.md §1.
import { resolve } from 'node:path';
import { expect } from 'chai';
import { parseDataDb } from '../../src/store/data-db.js';

describe('DATA_DB', () => {
  for (const [url, path] of [
    ['sqlite:///etc/im/inf.dat', '/etc/im/inf.dat'],
    ['SQLite:///etc/im/inf.dat', '/etc/im/inf.dat'],
    ['file:///etc/im/inf.dat', '/etc/im/inf.dat'],
    ['sqlite://ignored/etc/im/inf.dat', '/etc/im/inf.dat'],
    ['sqlite:/etc/im/inf.dat', '/etc/im/inf.dat'],
    ['/etc/im/inf.dat', '/etc/im/inf.dat'],
    ['sqlite:///a b%20c.dat', '/a b%20c.dat'],
    ['./var/inf.dat', resolve('var/inf.dat')],
  ] as const) {
    it(`reads ${url} as the SQLite file ${path}`, () => {
      expect(parseDataDb(url)).to.deep.equal({ kind: 'sqlite', path });
    });
  }

  for (const url of [
    'mysql://user:s3cret@host/db',
    'postgresql://user:s3cret@host/db',
    'mongodb://user:s3cret@h1,h2/db',
  ]) {
    const scheme = url.slice(0, url.indexOf(':'));
    it(`says of ${scheme} that it comes later, without the password`, () => {
      expect(() => parseDataDb(url)).to.throw(
        new RegExp(`names a ${scheme} database, which comes with a later release`),
      );
      expect(() => parseDataDb(url)).not.to.throw(/s3cret/);
    });
  }

  it('refuses unknown schemes, a missing path and an empty value', () => {
    expect(() => parseDataDb('redis://user:s3cret@host')).to.throw(/unknown scheme 'redis'/);
    expect(() => parseDataDb('redis://user:s3cret@host')).not.to.throw(/s3cret/);
    expect(() => parseDataDb('sqlite://')).to.throw(/names no file/);
    expect(() => parseDataDb('sqlite:///etc/')).to.throw(/names no file/);
    expect(() => parseDataDb('  ')).to.throw(/DATA_DB is empty/);
  });
});
