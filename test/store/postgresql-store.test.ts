// SPDX-License-Identifier: Apache-2.0
// The store on PostgreSQL: the contract, and what only a server has.
import { type PostgresqlServer, postgresqlProblem, startPostgresql } from '../support/databases/postgresql-server.js';
import { sharedServer } from '../support/databases/shared-server.js';
import { createServerFixtures, STORE_TABLES } from './server-fixture.js';
import { describeSqlServerStore } from './sql-server-contract.js';
import { describeStoreContract } from './store-contract.js';

const shared = sharedServer('PostgreSQL', postgresqlProblem, startPostgresql);
let server: PostgresqlServer;

const createFixture = createServerFixtures(() => ({
  url: server.url,
  empty: (database) => server.runIn(database, `TRUNCATE ${STORE_TABLES.join(', ')}`),
}));

describeStoreContract('PostgreSQL', createFixture, async (context) => {
  server = await shared.need(context);
});

describeSqlServerStore('PostgreSQL', (context) => shared.need(context));
