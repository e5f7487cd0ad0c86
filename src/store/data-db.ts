// SPDX-License-Identifier: Apache-2.0
// Reads the DATA_DB option: which kind of database, and where (persistence.md §1, configuration.md §7).
import { resolve } from 'node:path';
import { ImError } from '../domain/index.js';
import { type DataDbOptions, readOptions } from './data-db-options.js';
import { mongoOptions } from './mongo-options.js';

/** A database in a file. */
export interface SqliteLocation {
  readonly kind: 'sqlite';
  /** Absolute path of the database file. */
  readonly path: string;
}

/** A MySQL, MariaDB or PostgreSQL server. */
export interface SqlServerLocation extends DataDbOptions {
  readonly kind: 'mysql' | 'postgresql';
  readonly host: string;
  readonly port: number;
  /** Empty when the URL names none. */
  readonly user: string;
  readonly password: string;
  readonly database: string;
}

/** A MongoDB server, replica set or cluster: the driver reads its own URL. */
export interface MongoLocation {
  readonly kind: 'mongodb';
  readonly url: string;
  readonly database: string;
  /** Hosts as written, for error texts. */
  readonly hosts: string;
  /** Names of options that were left out of the URL: what they ask for is not theirs to say. */
  readonly ignored: readonly string[];
}

/** A database that DATA_DB can name. */
export type DataDb = SqliteLocation | SqlServerLocation | MongoLocation;

const SCHEME = /^([a-z][a-z0-9+.-]*):(.*)$/is;
const DEFAULT_PORTS = { mysql: 3306, postgresql: 5432 } as const;

/**
 * Reads a DATA_DB value. Forms: `sqlite:///path`, `file:///path` and a bare path (what stands between `//` and the next `/` is ignored,
 * nothing is percent-decoded), `mysql://` (or `mariadb://`), `postgresql://` (or `postgres://`) and `mongodb://` (or `mongodb+srv://`),
 * these with percent-decoded user, password and options. Error texts never show what can hold a password.
 * @throws ImError `store-unavailable` for another scheme or a URL without what is needed
 */
export function parseDataDb(url: string): DataDb {
  const value = url.trim();
  const match = SCHEME.exec(value);
  if (match === null) {
    if (value === '') {
      throw unusable('DATA_DB is empty: set it to a path such as sqlite:///etc/im/inf.dat.');
    }
    return { kind: 'sqlite', path: resolve(value) };
  }
  const scheme = (match[1] ?? '').toLowerCase();
  const rest = match[2] ?? '';
  switch (scheme) {
    case 'sqlite':
    case 'file':
      return sqliteLocation(scheme, rest);
    case 'mysql':
    case 'mariadb':
      return serverLocation('mysql', scheme, rest);
    case 'postgresql':
    case 'postgres':
      return serverLocation('postgresql', scheme, rest);
    case 'mongodb':
    case 'mongodb+srv':
      return mongoLocation(scheme, rest);
    default:
      throw unusable(
        `DATA_DB has the unknown scheme '${scheme}': use sqlite, mysql, postgresql or mongodb, for example sqlite:///etc/im/inf.dat.`,
      );
  }
}

function sqliteLocation(scheme: string, rest: string): SqliteLocation {
  const path = rest.replace(/^\/\/[^/]*/, '');
  if (!path.startsWith('/') || path.endsWith('/')) {
    throw unusable(
      `DATA_DB names no file after '${scheme}:': write ${scheme}:///absolute/path, for example sqlite:///etc/im/inf.dat.`,
    );
  }
  return { kind: 'sqlite', path };
}

function serverLocation(kind: 'mysql' | 'postgresql', scheme: string, rest: string): SqlServerLocation {
  const parts = splitUrl(scheme, rest);
  const options = readOptions(kind, parts.query);
  const [host, port] = hostAndPort(kind, scheme, parts.hosts);
  return {
    kind,
    host,
    port,
    user: decoded(parts.user),
    password: decoded(parts.password),
    database: decoded(parts.database),
    ...options,
  };
}

function mongoLocation(scheme: string, rest: string): MongoLocation {
  const { hosts, database, user, password, query } = splitUrl(scheme, rest);
  if (hosts === '') {
    throw unusable(`DATA_DB names no host after '${scheme}://'.`);
  }
  // Encoded again: the driver refuses what the reference let pass, such as an '@' in the password.
  const login = user === '' ? '' : `${encoded(user)}${password === '' ? '' : `:${encoded(password)}`}@`;
  const { kept, ignored } = mongoOptions(query);
  const url = `${scheme}://${login}${hosts}/${encoded(database)}${kept === '' ? '' : `?${kept}`}`;
  return { kind: 'mongodb', url, database: decoded(database), hosts, ignored };
}

interface UrlParts {
  readonly user: string;
  readonly password: string;
  readonly hosts: string;
  readonly database: string;
  readonly query: string;
}

/** Cut at the last `@` before the path, since passwords were written without encoding until now (configuration.md §7). */
function splitUrl(scheme: string, rest: string): UrlParts {
  const match = /^\/\/(?:([^/]*)@)?([^/@]*)\/([^/?]*)(?:\?(.*))?$/s.exec(rest);
  const [, login = '', hosts = '', database = '', query = ''] = match ?? [];
  if (match === null || database === '') {
    throw unusable(
      `DATA_DB cannot be read: write ${scheme}://user:password@host/database and percent-encode the characters / ? # @ : of user and password.`,
    );
  }
  const colon = login.indexOf(':');
  return {
    user: colon === -1 ? login : login.slice(0, colon),
    password: colon === -1 ? '' : login.slice(colon + 1),
    hosts,
    database,
    query,
  };
}

function hostAndPort(kind: keyof typeof DEFAULT_PORTS, scheme: string, hosts: string): readonly [string, number] {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]*))(?::(\d{1,5}))?$/.exec(hosts);
  const port = match?.[3] === undefined ? DEFAULT_PORTS[kind] : Number(match[3]);
  if (match === null || port < 1 || port > 65_535) {
    throw unusable(`DATA_DB has no usable host and port: write ${scheme}://user:password@host:port/database.`);
  }
  return [match[1] ?? (match[2] || 'localhost'), port];
}

/** A lone `%` is taken as it stands: until now nothing was decoded. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

const encoded = (text: string): string => encodeURIComponent(decoded(text));

function unusable(message: string): ImError {
  return new ImError('store-unavailable', message);
}
