// SPDX-License-Identifier: Apache-2.0
// A private PostgreSQL server from the distribution's postgresql.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { chmod, chown, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { findProgram, freePort, type PrivateServer, runToEnd, serverDirectory, startServer } from './private-server.js';
import { makeCertificate } from './server-certificate.js';

const VERSIONS = '/usr/lib/postgresql';
const PASSWORD = 'p@ss:wörd/1';

/** A server with an administrator `im`, whose password needs encoding in URLs. */
export interface PostgresqlServer extends PrivateServer {
  /** File of its self-signed certificate. */
  readonly certificate: string;
  /** DATA_DB of a database on it. */
  url(database: string, options?: string): string;
  /** Runs statements as administrator in the database `postgres`. */
  run(...statements: readonly string[]): Promise<void>;
  /** The same in another database. */
  runIn(database: string, ...statements: readonly string[]): Promise<void>;
  endConnections(database: string): Promise<void>;
  dropDatabase(database: string): Promise<void>;
  /** Keeps the rows of a SELECT ... FOR UPDATE until the returned function is called. */
  lockRow(database: string, select: string): Promise<() => Promise<void>>;
}

/** Why there can be no server here, or undefined. */
export function postgresqlProblem(): string | undefined {
  return program('initdb') && program('postgres')
    ? undefined
    : 'postgresql is not installed: scripts/ensure-databases.sh';
}

/** Makes and starts a server. Its log is not forced to the disk at each commit: what is tested is ours. */
export async function startPostgresql(...options: readonly string[]): Promise<PostgresqlServer> {
  const directory = await serverDirectory('postgresql');
  const data = join(directory, 'data');
  const port = await freePort();
  const account = serverAccount();
  const passwordFile = join(directory, 'password');
  await writeFile(passwordFile, PASSWORD);
  await chmod(directory, 0o755);
  if (account.uid !== undefined && account.gid !== undefined) {
    await chown(directory, account.uid, account.gid);
    await chown(passwordFile, account.uid, account.gid);
  }
  const environment = { LC_ALL: 'C.UTF-8' };
  await runToEnd(
    {
      program: program('initdb') ?? 'initdb',
      argv: ['-D', data, '-U', 'im', '--pwfile', passwordFile, '-A', 'scram-sha-256', '-E', 'UTF8', '--no-sync'],
      environment,
      ...account,
    },
    join(directory, 'install.log'),
  );
  const { certificate, key } = makeCertificate(directory, account);
  const tls = ['ssl=on', `ssl_cert_file=${certificate}`, `ssl_key_file=${key}`];
  const settings = ['fsync=off', 'full_page_writes=off', 'synchronous_commit=off', ...tls, ...options];
  const server = await startServer(
    {
      program: program('postgres') ?? 'postgres',
      argv: [
        '-D',
        data,
        '-p',
        String(port),
        '-c',
        'listen_addresses=127.0.0.1',
        '-k',
        directory,
        ...settings.flatMap((setting) => ['-c', setting]),
      ],
      environment,
      ...account,
    },
    directory,
    port,
  );
  const connect = async (database = 'postgres'): Promise<pg.Client> => {
    const client = new pg.Client({ host: '127.0.0.1', port, user: 'im', password: PASSWORD, database });
    client.on('error', () => {});
    await client.connect();
    return client;
  };
  await untilReady(connect);
  const runIn = async (database: string, ...statements: readonly string[]): Promise<void> => {
    const client = await connect(database);
    try {
      for (const statement of statements) {
        await client.query(statement);
      }
    } finally {
      await client.end();
    }
  };
  const run = (...statements: readonly string[]): Promise<void> => runIn('postgres', ...statements);
  await run(`CREATE ROLE guest LOGIN PASSWORD 'guest'`);
  return {
    ...server,
    get pid() {
      return server.pid;
    },
    async restart() {
      await server.restart();
      await untilReady(connect);
    },
    certificate,
    run,
    runIn,
    endConnections: (database) =>
      run(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${database}'`),
    dropDatabase: (database) => run(`DROP DATABASE IF EXISTS ${database} WITH (FORCE)`),
    async lockRow(database, select) {
      const client = await connect(database);
      await client.query('BEGIN');
      await client.query(select);
      return () => client.end();
    },
    url: (database, query = '') =>
      `postgresql://im:${encodeURIComponent(PASSWORD)}@127.0.0.1:${port}/${database}${query}`,
  };
}

/** It takes connections before it serves them. */
async function untilReady(connect: () => Promise<pg.Client>): Promise<void> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    try {
      await (await connect()).end();
      return;
    } catch (error) {
      if (Date.now() > deadline) {
        throw error;
      }
    }
  }
}

/** The server refuses to run as root. */
function serverAccount(): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) {
    return {};
  }
  const idOf = (kind: string): number => Number(execFileSync('id', [kind, 'postgres'], { encoding: 'utf8' }));
  return { uid: idOf('-u'), gid: idOf('-g') };
}

function program(name: string): string | undefined {
  const versions = existsSync(VERSIONS) ? readdirSync(VERSIONS).sort((a, b) => Number(b) - Number(a)) : [];
  return findProgram(name, ...versions.map((version) => join(VERSIONS, version, 'bin')));
}
