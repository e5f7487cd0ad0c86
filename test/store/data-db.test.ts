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

  const server = (url: string) => {
    const location = parseDataDb(url);
    if (location.kind !== 'mysql' && location.kind !== 'postgresql') {
      throw new TypeError('no SQL server');
    }
    return location;
  };
  const OFF = { mode: 'off', authoritiesFile: '', certificateFile: '', keyFile: '' } as const;

  it('reads a MySQL or MariaDB server with its default port', () => {
    const expected = {
      kind: 'mysql',
      host: 'db.example',
      port: 3306,
      user: 'im',
      password: 'pass',
      database: 'im',
      tls: OFF,
      socket: '',
      poolSize: 10,
      ignored: [],
    };
    expect(parseDataDb('mysql://im:pass@db.example/im')).to.deep.equal(expected);
    expect(parseDataDb('MariaDB://im:pass@db.example:3306/im')).to.deep.equal(expected);
  });

  it('reads a PostgreSQL server with its default port', () => {
    expect(server('postgresql://im@db.example/im')).to.deep.include({ kind: 'postgresql', port: 5432, password: '' });
    expect(server('postgres://im@[::1]:6000/im')).to.deep.include({ kind: 'postgresql', host: '::1', port: 6000 });
    expect(server('postgresql:///im?host=/run/postgresql')).to.deep.include({
      host: 'localhost',
      user: '',
      socket: '/run/postgresql',
    });
  });

  it('decodes user, password and database, and takes what cannot be decoded as it stands', () => {
    expect(server('mysql://i%40m:p%2Fa%3Fs%23%C3%A4@h/i%20m')).to.deep.include({
      user: 'i@m',
      password: 'p/a?s#ä',
      database: 'i m',
    });
    expect(server('mysql://im:100%@h/im').password).to.equal('100%');
  });

  it('cuts passwords that were written without encoding at the last @', () => {
    expect(server('mysql://im:p@s:s@h:3307/im')).to.deep.include({ password: 'p@s:s', host: 'h', port: 3307 });
  });

  for (const [options, tls] of [
    ['ssl=true', { mode: 'verify' }],
    ['tls=1', { mode: 'verify' }],
    ['ssl=false', { mode: 'off' }],
    ['sslmode=require', { mode: 'encrypt' }],
    ['ssl-mode=VERIFY_CA&ssl-ca=/ca.pem', { mode: 'verify-authority', authoritiesFile: '/ca.pem' }],
    ['sslmode=verify-full&sslrootcert=/ca.pem', { mode: 'verify', authoritiesFile: '/ca.pem' }],
    ['ssl-ca=/ca.pem', { mode: 'verify', authoritiesFile: '/ca.pem' }],
    ['ssl-mode=disabled&ssl-ca=/ca.pem', { mode: 'off', authoritiesFile: '/ca.pem' }],
    ['sslmode=require&sslcert=/c.pem&sslkey=/k.pem', { mode: 'encrypt', certificateFile: '/c.pem', keyFile: '/k.pem' }],
  ] as const) {
    it(`honours ${options}`, () => {
      expect(server(`postgresql://h/im?${options}`).tls).to.deep.equal({ ...OFF, ...tls });
    });
  }

  it('honours socket, pool size and character set, and names options that it does not know', () => {
    expect(server('mysql://h/im?socket=/run/mysqld.sock&poolSize=25&charset=utf8mb4&a=b')).to.deep.include({
      socket: '/run/mysqld.sock',
      poolSize: 25,
      ignored: ['a'],
    });
  });

  for (const [options, text] of [
    ['sslmode=prefer', /'sslmode' of DATA_DB must be disable, require, verify-ca or verify-full/],
    ['ssl=maybe', /'ssl' of DATA_DB must be true or false/],
    ['poolSize=1', /'poolSize' of DATA_DB must be a number of connections from 2 to 200/],
    ['poolSize=many', /'poolSize' of DATA_DB/],
    ['socket=relative', /'socket' of DATA_DB must be an absolute path/],
    ['charset=latin1', /'charset' of DATA_DB must be utf8mb4/],
  ] as const) {
    it(`refuses ${options}`, () => {
      expect(() => parseDataDb(`mysql://im:s3cret@h/im?${options}`)).to.throw(text);
    });
  }

  it('passes a MongoDB URL on with its options, its login encoded', () => {
    expect(
      parseDataDb('mongodb://u:p@ss:w/rd@h1,h2:27018/im?replicaSet=rs&tls=true'.replace('/rd', '%2Frd')),
    ).to.deep.equal({
      kind: 'mongodb',
      url: 'mongodb://u:p%40ss%3Aw%2Frd@h1,h2:27018/im?replicaSet=rs&tls=true',
      database: 'im',
      hosts: 'h1,h2:27018',
      ignored: [],
    });
    expect(parseDataDb('mongodb+srv://cluster.example/im')).to.deep.include({
      url: 'mongodb+srv://cluster.example/im',
    });
  });

  for (const url of [
    'mysql://im:s3cret@host',
    'mysql://im:s3cret@host/',
    'postgresql://im:s3cret@host:99999/im',
    'postgresql://im:s3cret@ho]st/im',
    'mongodb://im:s3cret@/im',
    'mysql://im:s3/cret@host/im',
  ]) {
    it(`refuses ${url} without showing the password`, () => {
      expect(() => parseDataDb(url)).to.throw(/DATA_DB/);
      expect(() => parseDataDb(url)).not.to.throw(/s3/);
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
