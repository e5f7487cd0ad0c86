// SPDX-License-Identifier: Apache-2.0
// The options after the `?` of a mysql:// or postgresql:// DATA_DB: TLS, socket, pool and character set.
import { ImError } from '../domain/index.js';

/**
 * How the connection is protected. `encrypt` checks no certificate, `verify-authority` checks who signed it, `verify` also that it is
 * the host's.
 */
export type TlsMode = 'off' | 'encrypt' | 'verify-authority' | 'verify';

/** TLS of a connection. Empty paths: the system's authorities, no client certificate. */
export interface TlsOptions {
  readonly mode: TlsMode;
  readonly authoritiesFile: string;
  readonly certificateFile: string;
  readonly keyFile: string;
}

/** What the options of a DATA_DB say. */
export interface DataDbOptions {
  readonly tls: TlsOptions;
  /** Path of a Unix socket (MySQL) or of its directory (PostgreSQL); empty: host and port. */
  readonly socket: string;
  /** Most connections at a time. */
  readonly poolSize: number;
  /** Names of options that mean nothing here. */
  readonly ignored: readonly string[];
}

const DEFAULT_POOL_SIZE = 10;
const LARGEST_POOL = 200;

const TLS_MODES: Readonly<Record<string, TlsMode>> = {
  disable: 'off',
  disabled: 'off',
  require: 'encrypt',
  required: 'encrypt',
  'verify-ca': 'verify-authority',
  verify_ca: 'verify-authority',
  'verify-full': 'verify',
  verify_identity: 'verify',
};

interface Draft {
  mode: TlsMode | undefined;
  authoritiesFile: string;
  certificateFile: string;
  keyFile: string;
  socket: string;
  poolSize: number;
}

/** The names under which MySQL's and PostgreSQL's own clients know these options. */
const READERS: Readonly<Record<string, (draft: Draft, value: string, name: string) => void>> = {
  ssl: readSwitch,
  tls: readSwitch,
  sslmode: readMode,
  'ssl-mode': readMode,
  sslrootcert: (draft, value) => {
    draft.authoritiesFile = value;
  },
  'ssl-ca': (draft, value) => {
    draft.authoritiesFile = value;
  },
  sslcert: (draft, value) => {
    draft.certificateFile = value;
  },
  'ssl-cert': (draft, value) => {
    draft.certificateFile = value;
  },
  sslkey: (draft, value) => {
    draft.keyFile = value;
  },
  'ssl-key': (draft, value) => {
    draft.keyFile = value;
  },
  socket: readSocket,
  unix_socket: readSocket,
  poolsize: readPoolSize,
  connectionlimit: readPoolSize,
  charset: readCharset,
};

const TLS_OPTIONS = Object.keys(READERS)
  .filter((name) => /^(ssl|tls)/.test(name))
  .join(', ');

/**
 * Reads the options; names are case-insensitive.
 * @throws ImError `store-unavailable` for a value that cannot be honoured
 */
export function readOptions(kind: 'mysql' | 'postgresql', query: string): DataDbOptions {
  const draft: Draft = {
    mode: undefined,
    authoritiesFile: '',
    certificateFile: '',
    keyFile: '',
    socket: '',
    poolSize: DEFAULT_POOL_SIZE,
  };
  const ignored: string[] = [];
  for (const [name, value] of new URLSearchParams(query)) {
    const key = name.toLowerCase();
    // PostgreSQL's clients name the directory of the socket `host`.
    const read = kind === 'postgresql' && key === 'host' ? readSocket : READERS[key];
    if (read === undefined && /^(ssl|tls)/.test(key)) {
      // Without effect, it would leave a connection open that was meant to be protected.
      throw refused(name, `written as one of ${TLS_OPTIONS}`);
    }
    if (read === undefined) {
      ignored.push(name);
    } else {
      read(draft, value, name);
    }
  }
  const { mode, authoritiesFile, certificateFile, keyFile, socket, poolSize } = draft;
  if ((certificateFile === '') !== (keyFile === '')) {
    throw new ImError(
      'store-unavailable',
      `The options 'sslcert' and 'sslkey' (ssl-cert, ssl-key) of DATA_DB belong together: name both files or none.`,
    );
  }
  // Naming authorities or a certificate without a mode asks for the check.
  const effective = mode ?? (authoritiesFile === '' && certificateFile === '' ? 'off' : 'verify');
  return { tls: { mode: effective, authoritiesFile, certificateFile, keyFile }, socket, poolSize, ignored };
}

function readSwitch(draft: Draft, value: string, name: string): void {
  const word = value.toLowerCase();
  if (word !== 'true' && word !== '1' && word !== 'false' && word !== '0') {
    throw refused(name, 'true or false');
  }
  const isOn = word === 'true' || word === '1';
  draft.mode = isOn ? (draft.mode ?? 'verify') : 'off';
}

function readMode(draft: Draft, value: string, name: string): void {
  const mode = TLS_MODES[value.toLowerCase()];
  if (mode === undefined) {
    throw refused(name, 'disable, require, verify-ca or verify-full');
  }
  draft.mode = mode;
}

function readSocket(draft: Draft, value: string, name: string): void {
  if (!value.startsWith('/')) {
    throw refused(name, 'an absolute path');
  }
  draft.socket = value;
}

function readPoolSize(draft: Draft, value: string, name: string): void {
  const size = Number(value);
  if (!Number.isInteger(size) || size < 2 || size > LARGEST_POOL) {
    throw refused(name, `a number of connections from 2 to ${LARGEST_POOL}`);
  }
  draft.poolSize = size;
}

/** Anything less could not keep all texts. */
function readCharset(_draft: Draft, value: string, name: string): void {
  if (!/^utf-?8(mb[34])?(_[a-z0-9_]+)?$/i.test(value)) {
    throw refused(name, 'utf8mb4');
  }
}

function refused(name: string, allowed: string): ImError {
  return new ImError('store-unavailable', `The option '${name}' of DATA_DB must be ${allowed}.`);
}
