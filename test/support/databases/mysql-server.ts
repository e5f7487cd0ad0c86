// SPDX-License-Identifier: Apache-2.0
// A private MySQL server (Oracle's, not MariaDB), where one is on the PATH.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { until } from '../waiting.js';
import { type MysqlServer, withAdministrator } from './mysql-administrator.js';
import { findProgram, freePort, runToEnd, serverDirectory, startServer } from './private-server.js';
import { makeCertificate } from './server-certificate.js';

/** Why there can be no server here, or undefined. Distributions call MariaDB `mysqld` too. */
export function mysqlProblem(): string | undefined {
  const program = findProgram('mysqld');
  return program !== undefined && !/mariadb/i.test(execFileSync(program, ['--version'], { encoding: 'utf8' }))
    ? undefined
    : 'no mysqld of MySQL is on the PATH';
}

/** Makes and starts a server as it comes: passwords by caching_sha2_password, its own collation. */
export async function startMysql(): Promise<MysqlServer> {
  const directory = await serverDirectory('mysql');
  const data = join(directory, 'data');
  const port = await freePort();
  const asRoot = process.getuid?.() === 0 ? ['--user=root'] : [];
  await mkdir(data);
  const { certificate, key } = makeCertificate(directory);
  const program = findProgram('mysqld') ?? 'mysqld';
  const all = ['--no-defaults', `--datadir=${data}`, ...asRoot];
  await runToEnd({ program, argv: [...all, '--initialize-insecure'] }, join(directory, 'install.log'));
  const server = await startServer(
    {
      program,
      argv: [
        ...all,
        `--socket=${join(directory, 'socket')}`,
        `--pid-file=${join(directory, 'pid')}`,
        `--port=${port}`,
        '--mysqlx=OFF',
        '--secure-file-priv=NULL',
        '--bind-address=127.0.0.1',
        '--skip-name-resolve',
        '--innodb-flush-log-at-trx-commit=2',
        '--innodb-flush-method=nosync',
        '--innodb-buffer-pool-size=64M',
        '--skip-log-bin',
        `--ssl-cert=${certificate}`,
        `--ssl-key=${key}`,
      ],
    },
    directory,
    port,
  );
  // It listens on the port before it makes the socket.
  await until(() => existsSync(join(directory, 'socket')), 'the socket of the server');
  return withAdministrator(server, certificate);
}
