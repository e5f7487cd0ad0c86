// SPDX-License-Identifier: Apache-2.0
// Which tools copy a database that is not a file of ours.
import { ImError } from '../../domain/index.js';
import { type DataDb, parseDataDb } from '../../store/index.js';

type Server = Exclude<DataDb['kind'], 'sqlite'>;

const BACKUP: Readonly<Record<Server, string>> = {
  mysql: 'mysqldump (or mariadb-dump) --single-transaction --routines --hex-blob DATABASE > FILE',
  postgresql: 'pg_dump --format=custom --file=FILE DATABASE',
  mongodb: 'mongodump --uri=URL --oplog --archive=FILE (a replica set; otherwise stop the daemons first)',
};

const RESTORE: Readonly<Record<Server, string>> = {
  mysql: 'mysql DATABASE < FILE',
  postgresql: 'pg_restore --clean --if-exists --dbname=DATABASE FILE',
  mongodb: 'mongorestore --uri=URL --oplogReplay --drop --archive=FILE',
};

/**
 * The path of an SQLite database.
 * @throws ImError `not-supported` naming the tool for any other database
 */
export function requireSqlite(url: string, task: 'backup' | 'restore'): string {
  const location = parseDataDb(url);
  if (location.kind === 'sqlite') {
    return location.path;
  }
  const tool = (task === 'backup' ? BACKUP : RESTORE)[location.kind];
  const daemons = task === 'restore' ? ' with all daemons stopped' : '';
  throw new ImError(
    'not-supported',
    `im-admin ${task} copies SQLite databases. Use the tool of the database${daemons}: ${tool}. SECRETS_KEY_FILE belongs to the backup too.`,
  );
}
