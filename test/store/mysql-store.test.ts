// SPDX-License-Identifier: Apache-2.0
// The store on MariaDB: the contract, and what only a server has.
import { type MariaDbServer, mariaDbProblem, startMariaDb } from '../support/databases/mariadb-server.js';
import { sharedServer } from '../support/databases/shared-server.js';
import { createServerFixtures, STORE_TABLES } from './server-fixture.js';
import { describeSqlServerStore } from './sql-server-contract.js';
import { describeStoreContract } from './store-contract.js';

const shared = sharedServer('MariaDB', mariaDbProblem, startMariaDb);
let server: MariaDbServer;

const createFixture = createServerFixtures(() => ({
  url: server.url,
  empty: (database) => server.run(...STORE_TABLES.map((table) => `DELETE FROM ${database}.${table}`)),
}));

describeStoreContract('MariaDB', createFixture, async (context) => {
  server = await shared.need(context);
});

describeSqlServerStore('MariaDB', (context) => shared.need(context));
