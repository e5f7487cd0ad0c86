// SPDX-License-Identifier: Apache-2.0
// A private MariaDB server from the distribution's mariadb-server.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type MysqlServer, withAdministrator } from './mysql-administrator.js';
import { findProgram, freePort, runToEnd, serverDirectory, startServer } from './private-server.js';
import { makeCertificate } from './server-certificate.js';

const SYSTEM_DIRECTORIES = ['/usr/sbin', '/usr/libexec', '/usr/bin'];

/** Why there can be no server here, or undefined. */
export function mariaDbProblem(): string | undefined {
  return findProgram('mariadbd', ...SYSTEM_DIRECTORIES) && findProgram('mariadb-install-db', ...SYSTEM_DIRECTORIES)
    ? undefined
    : 'mariadb-server is not installed: scripts/ensure-databases.sh';
}

/** Makes and starts a server. Its log is not forced to the disk at each commit: what is tested is ours. */
export async function startMariaDb(...options: readonly string[]): Promise<MysqlServer> {
  const directory = await serverDirectory('mariadb');
  const data = join(directory, 'data');
  const port = await freePort();
  const asRoot = process.getuid?.() === 0 ? ['--user=root'] : [];
  await mkdir(data);
  const { certificate, key } = makeCertificate(directory);
  await runToEnd(
    {
      program: findProgram('mariadb-install-db', ...SYSTEM_DIRECTORIES) ?? 'mariadb-install-db',
      argv: [
        '--no-defaults',
        `--datadir=${data}`,
        '--auth-root-authentication-method=normal',
        '--skip-test-db',
        '--skip-name-resolve',
        ...asRoot,
      ],
    },
    join(directory, 'install.log'),
  );
  const server = await startServer(
    {
      program: findProgram('mariadbd', ...SYSTEM_DIRECTORIES) ?? 'mariadbd',
      argv: [
        '--no-defaults',
        `--datadir=${data}`,
        `--socket=${join(directory, 'socket')}`,
        `--port=${port}`,
        '--bind-address=127.0.0.1',
        '--skip-name-resolve',
        '--innodb-flush-log-at-trx-commit=2',
        '--innodb-flush-method=nosync',
        '--innodb-buffer-pool-size=64M',
        '--character-set-server=latin1',
        `--ssl-cert=${certificate}`,
        `--ssl-key=${key}`,
        ...asRoot,
        ...options,
      ],
    },
    directory,
    port,
  );
  return withAdministrator(server, certificate);
}
