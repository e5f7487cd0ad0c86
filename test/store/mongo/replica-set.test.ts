// SPDX-License-Identifier: Apache-2.0
// The store's contract on a real replica set, with transactions, where one can be started.

import type { MongoProtocolServer } from '../../support/databases/mongo-protocol-server.js';
import { mongodProblem, startMongod } from '../../support/databases/mongod-server.js';
import { sharedServer } from '../../support/databases/shared-server.js';
import { createServerFixtures } from '../server-fixture.js';
import { describeStoreContract } from '../store-contract.js';

const shared = sharedServer('mongod', mongodProblem, startMongod);
let server: MongoProtocolServer;

const createFixture = createServerFixtures(() => server);

const problem = mongodProblem();
if (problem !== undefined) {
  // Also where all peers are demanded: no package registry has it.
  console.warn(`**** NOT RUN: the store's contract on a replica set needs a real MongoDB: ${problem} ****`);
} else {
  describeStoreContract('MongoDB with transactions', createFixture, async (context) => {
    server = await shared.need(context);
  });
}
