// SPDX-License-Identifier: Apache-2.0
// What the drivers of the database servers are given of a DATA_DB.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { type MongoLocation, parseDataDb } from '../../src/store/data-db.js';
import { createClient } from '../../src/store/mongo/mongo-connection.js';
import { dialectOf } from '../../src/store/open-store.js';
import { silentLogger } from '../../src/util/logger.js';
import { rejection } from './rejection.js';

const PASSWORD = 's3cret p@ss:/%';
const LOGIN = `i%40m:${encodeURIComponent(PASSWORD)}`;

describe('DATA_DB as the drivers get it', () => {
  let directory: string;
  let ca: string;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'im-data-db-'));
    ca = join(directory, 'ca.pem');
    await writeFile(ca, 'the authorities');
  });

  after(() => rm(directory, { recursive: true }));

  const sql = async (url: string) => {
    const location = parseDataDb(url);
    if (location.kind === 'mongodb') throw new TypeError('no SQL database');
    const { connection, pool } = (await dialectOf(location, silentLogger)).knexConfig;
    return { connection, pool };
  };
  const mongoLocation = (url: string): MongoLocation => {
    const location = parseDataDb(url);
    if (location.kind !== 'mongodb') throw new TypeError('no MongoDB');
    return location;
  };
  const mongo = async (url: string) => {
    const client = await createClient(mongoLocation(url), 'im at h', 1000);
    return client.options;
  };

  for (const scheme of ['mysql', 'postgresql'] as const) {
    describe(scheme, () => {
      it('host, port, user, password and database, with percent escapes and IPv6', async () => {
        const { connection, pool } = await sql(`${scheme}://${LOGIN}@[2001:db8::1]:6000/i%20m`);
        expect(connection).to.deep.include({
          host: '2001:db8::1',
          port: 6000,
          user: 'i@m',
          password: PASSWORD,
          database: 'i m',
        });
        expect(pool).to.deep.include({ min: 0, max: 10 });
      });

      it('the size of the pool', async () => {
        expect((await sql(`${scheme}://h/im?poolSize=25`)).pool).to.have.property('max', 25);
        expect((await sql(`${scheme}://h/im?connectionLimit=7`)).pool).to.have.property('max', 7);
      });

      it('no TLS, TLS without a check, with that of the authority, and with that of the name too', async () => {
        const tls = async (options: string) => {
          const { connection } = await sql(`${scheme}://db.example/im?${options}`);
          const { ssl } = Object(connection);
          return ssl || undefined;
        };
        expect(await tls('sslmode=disable')).to.equal(undefined);
        expect(await tls('sslmode=require')).to.include({ rejectUnauthorized: false });
        const authority = await tls(`sslmode=verify-ca&sslrootcert=${ca}`);
        expect(authority).to.include({ rejectUnauthorized: true, ca: 'the authorities' });
        expect(authority.checkServerIdentity('db.example', { subject: { CN: 'else' } })).to.equal(undefined);
        for (const options of [`ssl-ca=${ca}`, `ssl=true&sslrootcert=${ca}`, `ssl-mode=VERIFY_IDENTITY&ssl-ca=${ca}`]) {
          const both = await tls(options);
          expect(both).to.include({ rejectUnauthorized: true, ca: 'the authorities' });
          expect(both.checkServerIdentity('db.example', { subject: { CN: 'else' } })).to.be.instanceOf(Error);
          if (scheme === 'mysql') expect(both.verifyIdentity).to.equal(true);
        }
        const client = await tls(`sslcert=${ca}&sslkey=${ca}`);
        expect(client).to.include({ rejectUnauthorized: true, cert: 'the authorities', key: 'the authorities' });
      });

      for (const [options, text] of [
        ['sslmod=verify-full', /option 'sslmod' of DATA_DB must be written as one of ssl, tls, sslmode/],
        ['tlsCAFile=/ca.pem', /option 'tlsCAFile' of DATA_DB must be written as one of/],
        ['ssl-cert=/c.pem', /'sslcert' and 'sslkey' .* belong together/],
        ['sslrootcert=/nowhere/ca.pem', /TLS file \/nowhere\/ca\.pem of DATA_DB cannot be read .* let the user/],
      ] as const) {
        it(`an error for ${options}`, async () => {
          const error = await sql(`${scheme}://${LOGIN}@h/im?${options}`).then(
            () => undefined,
            (reason: unknown) => reason,
          );
          expect(error)
            .to.be.instanceOf(Error)
            .with.property('message')
            .that.matches(text)
            .and.does.not.match(/s3cret/);
        });
      }
    });
  }

  it('sockets and utf8mb4 for MySQL, the directory of the socket for PostgreSQL', async () => {
    const { connection } = await sql('mysql://im@h/im?socket=/run/mysqld/mysqld.sock&charset=utf8mb4');
    expect(connection).to.include({ socketPath: '/run/mysqld/mysqld.sock', charset: 'utf8mb4' });
    expect(connection).not.to.have.any.keys('host', 'port');
    expect((await sql('postgresql:///im?host=/run/postgresql')).connection).to.include({ host: '/run/postgresql' });
  });

  describe('mongodb', () => {
    it('several hosts, the replica set, and the login with percent escapes', async () => {
      const options = await mongo(
        `mongodb://${LOGIN}@h1,h2:27018,[2001:db8::1]:27019/im?replicaSet=rs&authSource=admin`,
      );
      expect(options.hosts.map(({ host, port }) => [host, port])).to.deep.equal([
        ['h1', 27017],
        ['h2', 27018],
        ['2001:db8::1', 27019],
      ]);
      expect(options.replicaSet).to.equal('rs');
      expect(options.credentials).to.include({ username: 'i@m', password: PASSWORD, source: 'admin' });
      expect(options.maxPoolSize).to.equal(10);
    });

    it('a socket, the size of the pool, and a service name', async () => {
      const options = await mongo('mongodb://%2Frun%2Fmongodb-27017.sock/im?maxPoolSize=33');
      expect(options.hosts[0]?.socketPath).to.equal('/run/mongodb-27017.sock');
      expect(options.maxPoolSize).to.equal(33);
      expect(await mongo('mongodb+srv://cluster.example/im')).to.include({ srvHost: 'cluster.example', tls: true });
    });

    it('TLS with authorities, checked unless the options say otherwise', async () => {
      const checked = await mongo(`mongodb://h/im?tls=true&tlsCAFile=${ca}`);
      expect(checked).to.include({ tls: true, tlsCAFile: ca });
      expect(checked.rejectUnauthorized).to.not.equal(false);
      expect(await mongo('mongodb://h/im?tls=true&tlsAllowInvalidCertificates=true')).to.include({
        rejectUnauthorized: false,
      });
    });

    it('durable writes and reads that see them, whatever the options say', async () => {
      const url = 'mongodb://h/im?w=1&journal=false&readConcernLevel=local&readPreference=secondary&replicaSet=rs';
      const options = await mongo(url);
      expect(options.writeConcern).to.deep.include({ w: 'majority', journal: true });
      expect(options.readConcern?.level).to.equal('majority');
      expect(options.readPreference.mode).to.equal('primary');
      expect(mongoLocation(url).ignored).to.deep.equal(['w', 'journal', 'readConcernLevel', 'readPreference']);
      expect(mongoLocation('mongodb://h/im?w=majority&journal=true').ignored).to.deep.equal([]);
    });

    for (const [options, text] of [
      ['poolSize=5', /option 'poolSize' of DATA_DB cannot be used .* correct or remove it/],
      ['maxPoolSize=many', /option 'maxPoolSize' of DATA_DB/],
      ['tls=perhaps', /option 'tls' of DATA_DB/],
      ['ssl-ca=/ca.pem', /option 'ssl-ca' of DATA_DB/],
      ['replicaSet=', /option 'replicaSet' of DATA_DB/],
      ['tls=true&tlsCAFile=/nowhere/ca.pem', /TLS file \/nowhere\/ca\.pem of DATA_DB cannot be read/],
    ] as const) {
      it(`an error for ${options}`, async () => {
        const { message } = await rejection(mongo(`mongodb://${LOGIN}@h/im?${options}`), 'store-unavailable');
        expect(message)
          .to.match(text)
          .and.not.match(/s3cret/);
      });
    }
  });
});
