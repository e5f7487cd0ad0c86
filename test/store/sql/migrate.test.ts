// SPDX-License-Identifier: Apache-2.0
// Migrations run once and in order, also when several daemons start together or one of them fails half-way.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { openDatabase, type SqlDatabase } from '../../../src/store/sql/database.js';
import { migrateTables } from '../../../src/store/sql/migrate.js';
import { MIGRATIONS, type Migration } from '../../../src/store/sql/migrations/index.js';
import { sqliteDialect } from '../../../src/store/sql/sqlite-dialect.js';
import { silentLogger } from '../../../src/util/logger.js';
import { rejection } from '../rejection.js';

describe('Migrations', () => {
  let directory: string;
  let databases: SqlDatabase[];

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'im-migrate-'));
    databases = [];
    for (let index = 0; index < 3; index += 1) {
      databases.push(
        await openDatabase(sqliteDialect(join(directory, 'inf.dat'), silentLogger), {
          lockTimeoutMs: 5_000,
          logger: silentLogger,
        }),
      );
    }
  });

  afterEach(async () => {
    await Promise.all(databases.map((database) => database.close()));
    await rm(directory, { recursive: true });
  });

  const step = (version: number, ran: number[]): Migration => ({
    version,
    tables: [`step_${version}`],
    title: `step ${version}`,
    async up(session) {
      await session.run(`CREATE TABLE step_${version} (id TEXT)`);
      ran.push(version);
    },
  });
  const migrate = (database: SqlDatabase, steps: readonly Migration[]) =>
    migrateTables(database, steps, () => 0, silentLogger);

  it('run once when several start together', async () => {
    const ran: number[] = [];
    const steps = [step(1, ran), step(2, ran)];
    await Promise.all(databases.map((database) => migrate(database, steps)));
    expect(ran).to.deep.equal([1, 2]);
  });

  it('run only what is missing', async () => {
    const ran: number[] = [];
    const steps = [step(1, ran), step(2, ran), step(3, ran)];
    await migrate(databases[0]!, steps.slice(0, 1));
    await migrate(databases[0]!, steps);
    expect(ran).to.deep.equal([1, 2, 3]);
  });

  it('leave nothing behind when one fails, and can be run again', async () => {
    const ran: number[] = [];
    const failing: Migration = { version: 2, title: 'fails', tables: [], up: () => Promise.reject(new Error('bug')) };
    await rejection(migrate(databases[0]!, [step(1, ran), failing]), 'internal');
    expect(await databases[1]!.read((session) => session.hasTable('step_1'))).to.equal(false);
    await migrate(databases[0]!, [step(1, ran), step(2, ran)]);
    expect(await databases[1]!.read((session) => session.hasTable('step_2'))).to.equal(true);
  });

  it('of this release have versions 1, 2, ... in order', () => {
    expect(MIGRATIONS.map(({ version }) => version)).to.deep.equal(MIGRATIONS.map((_, index) => index + 1));
  });
});
