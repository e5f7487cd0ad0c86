// SPDX-License-Identifier: Apache-2.0
// A private server that speaks MongoDB's protocol: FerretDB on SQLite files, built with the Go toolchain by scripts/ensure-databases.sh.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Db, MongoClient } from 'mongodb';
import { findProgram, freePort, type PrivateServer, serverDirectory, startServer } from './private-server.js';

/** Where scripts/ensure-databases.sh puts it. */
const BUILT = fileURLToPath(new URL('../../../var/tools', import.meta.url));

/** A server without users and transactions. */
export interface FerretDbServer extends PrivateServer {
  /** DATA_DB of a database on it. */
  url(database: string, options?: string): string;
  /** Does something with a database by the driver. */
  with<T>(database: string, task: (db: Db) => Promise<T>): Promise<T>;
}

/** Why there can be no server here, or undefined. */
export function ferretDbProblem(): string | undefined {
  return findProgram('ferretdb', BUILT) ? undefined : 'ferretdb is not built: scripts/ensure-databases.sh';
}

/** Makes and starts a server. */
export async function startFerretDb(): Promise<FerretDbServer> {
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
  return {
    ...server,
    get pid() {
      return server.pid;
    },
    async destroy() {
      await client.close();
      await server.destroy();
    },
    url: (database, options = '') => `mongodb://127.0.0.1:${port}/${database}${options}`,
    with: (database, task) => task(client.db(database)),
  };
}
