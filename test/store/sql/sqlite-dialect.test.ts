// SPDX-License-Identifier: Apache-2.0
// What SQLite's errors mean, with errors that SQLite really makes.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { openDatabase, type SqlDatabase } from '../../../src/store/sql/database.js';
import { sqliteDialect } from '../../../src/store/sql/sqlite-dialect.js';
import { Sqlite } from '../../../src/store/sql/sqlite-driver.js';
import { createWriteQueue } from '../../../src/store/sql/write-queue.js';
import { silentLogger } from '../../../src/util/logger.js';
import { rejection } from '../rejection.js';

describe('SQLite dialect', () => {
  let directory: string;
  let path: string;
  let database: SqlDatabase;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'im-dialect-'));
    path = join(directory, 'inf.dat');
    database = await openDatabase(sqliteDialect(path, silentLogger), { lockTimeoutMs: 50, logger: silentLogger });
    await database.write((session) => session.run('CREATE TABLE things (id TEXT NOT NULL PRIMARY KEY, content TEXT)'));
  });

  afterEach(async () => {
    await database.close();
    await rm(directory, { recursive: true });
  });

  const insert = (id: string, content = '') =>
    database.write((session) => session.run('INSERT INTO things (id, content) VALUES (?, ?)', [id, content]));

  it('says that the disk is full, writes nothing, and goes on when there is room again', async () => {
    const limit = (pages: number) => database.read((session) => session.all(`PRAGMA max_page_count = ${pages}`));
    await limit(5);
    const error = await rejection(insert('a', 'x'.repeat(100_000)), 'store-unavailable');
    expect(error.message).to.equal(
      `The database ${path} cannot grow, the disk is full: free space on it; nothing was written.`,
    );
    expect(await database.read((session) => session.all('SELECT id FROM things'))).to.deep.equal([]);
    await limit(10_000);
    await insert('a', 'x'.repeat(100_000));
  });

  it('fails every write of a group when the disk is full, since none of them is safe', async () => {
    await database.read((session) => session.all('PRAGMA max_page_count = 5'));
    const queue = createWriteQueue(database);
    const write = (id: string, content: string) =>
      queue.submit((session) => session.run('INSERT INTO things (id, content) VALUES (?, ?)', [id, content]));
    const outcomes = await Promise.allSettled([write('a', ''), write('b', 'x'.repeat(100_000)), write('c', '')]);
    expect(outcomes.map(({ status }) => status)).to.deep.equal(['rejected', 'rejected', 'rejected']);
    expect(await database.read((session) => session.all('SELECT id FROM things'))).to.deep.equal([]);
    await queue.close();
  });

  it('fails only the write whose own code is at fault', async () => {
    const queue = createWriteQueue(database);
    const outcomes = await Promise.allSettled([
      queue.submit((session) => session.run('INSERT INTO things (id) VALUES (?)', ['a'])),
      queue.submit(async (session) => {
        await session.run('INSERT INTO things (id) VALUES (?)', ['b']);
        throw new TypeError('a bug');
      }),
      queue.submit((session) => session.run('INSERT INTO things (id) VALUES (?)', ['c'])),
    ]);
    expect(outcomes.map(({ status }) => status)).to.deep.equal(['fulfilled', 'rejected', 'fulfilled']);
    const rows = await database.read((session) => session.all('SELECT id FROM things ORDER BY id'));
    expect(rows).to.deep.equal([{ id: 'a' }, { id: 'c' }]);
    await queue.close();
  });

  it('tells a constraint without the values of the statement', async () => {
    await insert('secret-id', 'secret-content');
    const error = await rejection(insert('secret-id', 'secret-content'), 'internal');
    expect(error.message).to.include('UNIQUE constraint failed: things.id');
    expect(`${error.message} ${error.cause}`).not.to.include('secret');
  });

  it('says that a damaged file must be restored', async () => {
    await database.close();
    const raw = new Sqlite(path);
    raw.pragma('wal_checkpoint(TRUNCATE)');
    raw.unsafeMode();
    raw.pragma('writable_schema = ON');
    raw.exec(`UPDATE sqlite_master SET rootpage = 9999 WHERE name = 'things'`);
    raw.close();
    const opened = openDatabase(sqliteDialect(path, silentLogger), { lockTimeoutMs: 50, logger: silentLogger });
    const error = await rejection(opened, 'store-unavailable');
    expect(error.message).to.match(/is damaged: stop the daemon and restore the file from a backup/);
  });

  it('undoes a transaction that fails', async () => {
    await rejection(
      database.write(async (session) => {
        await session.run('INSERT INTO things (id) VALUES (?)', ['a']);
        await session.run('INSERT INTO things (id) VALUES (?)', ['a']);
      }),
      'internal',
    );
    expect(await database.read((session) => session.all('SELECT id FROM things'))).to.deep.equal([]);
    await insert('a');
  });
});
