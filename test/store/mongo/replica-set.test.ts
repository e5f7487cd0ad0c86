// SPDX-License-Identifier: Apache-2.0
// The store's contract on a real replica set, with transactions, where one can be started.
import { type MongodServer, mongodProblem, startMongod } from '../../support/databases/mongod-server.js';
import { sharedServer } from '../../support/databases/shared-server.js';
import { createServerFixtures } from '../server-fixture.js';
import { describeStoreContract } from '../store-contract.js';

const shared = sharedServer('mongod', mongodProblem, startMongod);
let server: MongodServer;

const createFixture = createServerFixtures(() => ({
  url: server.url,
  empty: (database) =>
    server.with(database, async (db) => {
      for (const { name } of await db.listCollections({}, { nameOnly: true }).toArray()) {
        await db.collection(name).deleteMany({});
      }
    }),
}));

const problem = mongodProblem();
if (problem !== undefined) {
  // Also where all peers are demanded: no package registry has it.
  console.warn(`**** NOT RUN: the store's contract on a replica set needs a real MongoDB: ${problem} ****`);
} else {
  describeStoreContract('MongoDB with transactions', createFixture, async (context) => {
    server = await shared.need(context);
  });
}
