// SPDX-License-Identifier: Apache-2.0
// A private server that speaks MongoDB's protocol: FerretDB on SQLite files, built with the Go toolchain by scripts/ensure-databases.sh.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MongoClient } from 'mongodb';
import { type MongoProtocolServer, withMongoClient } from './mongo-protocol-server.js';
import { findProgram, freePort, serverDirectory, startServer } from './private-server.js';

/** Where scripts/ensure-databases.sh puts it. */
const BUILT = fileURLToPath(new URL('../../../var/tools', import.meta.url));

/** Why there can be no server here, or undefined. */
export function ferretDbProblem(): string | undefined {
  return findProgram('ferretdb', BUILT) ? undefined : 'ferretdb is not built: scripts/ensure-databases.sh';
}

/** Makes and starts a server. It has no transactions. */
export async function startFerretDb(): Promise<MongoProtocolServer> {
  const directory = await serverDirectory('ferretdb');
  const port = await freePort();
  await mkdir(join(directory, 'data'));
  const server = await startServer(
    {
      program: findProgram('ferretdb', BUILT) ?? 'ferretdb',
      argv: [
        '--handler=sqlite',
        `--sqlite-url=file:${join(directory, 'data')}/`,
        `--listen-addr=127.0.0.1:${port}`,
        '--debug-addr=-',
        '--telemetry=disable',
        '--log-level=error',
        `--state-dir=${directory}`,
      ],
    },
    directory,
    port,
  );
  const client = new MongoClient(`mongodb://127.0.0.1:${port}/`, { serverSelectionTimeoutMS: 10_000 });
  return withMongoClient(
    server,
    client,
    (database, options = '') => `mongodb://127.0.0.1:${port}/${database}${options}`,
  );
}
