// SPDX-License-Identifier: Apache-2.0
// A private replica set of one real MongoDB server, where `mongod` is installed. No package registry has it.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { MongoClient } from 'mongodb';
import { until } from '../waiting.js';
import { type MongoProtocolServer, withMongoClient } from './mongo-protocol-server.js';
import { findProgram, freePort, serverDirectory, startServer } from './private-server.js';

const SET_NAME = 'rs';
const ELECTION_MS = 60_000;

/** Why there can be no server here, or undefined. */
export function mongodProblem(): string | undefined {
  return findProgram('mongod') ? undefined : 'mongod is not in the search path: install MongoDB from its maker';
}

/** Makes a replica set of one member and waits until it is the primary. */
export async function startMongod(): Promise<MongoProtocolServer> {
  const directory = await serverDirectory('mongod');
  const port = await freePort();
  const data = join(directory, 'data');
  await mkdir(data);
  const argv = ['--replSet', SET_NAME, '--dbpath', data, '--bind_ip', '127.0.0.1', '--port', String(port)];
  const server = await startServer({ program: findProgram('mongod') ?? 'mongod', argv }, directory, port);
  const client = new MongoClient(`mongodb://127.0.0.1:${port}/?directConnection=true`);
  const admin = client.db('admin');
  await admin.command({ replSetInitiate: { _id: SET_NAME, members: [{ _id: 0, host: `127.0.0.1:${port}` }] } });
  const isPrimary = async () => (await admin.command({ hello: 1 })).isWritablePrimary === true;
  await until(isPrimary, 'the election of the primary', ELECTION_MS);
  return withMongoClient(
    server,
    client,
    (database) => `mongodb://127.0.0.1:${port}/${database}?replicaSet=${SET_NAME}`,
  );
}
