// SPDX-License-Identifier: Apache-2.0
// What the errors of MongoDB and its driver mean.
import { ImError } from '../../domain/index.js';
import type { FailureKind, FailureReader } from '../patience.js';
import { isObject } from '../rows/row.js';

/** Another daemon writes at the moment, or has taken over while this one wrote. */
export class WriterIsBusy extends Error {
  override readonly name = 'WriterIsBusy';
}

/** Not the primary (any more), shutting down, or the write concern was not reached. */
const LOST: ReadonlySet<number> = new Set([6, 7, 64, 89, 91, 189, 262, 9001, 10107, 11600, 11602, 13388, 13435, 13436]);
const DUPLICATE = 11000;
const BULK_WRITE = 'MongoBulkWriteError';
const NAMESPACE_EXISTS = 48;

/** The server was not found, or the way to it was lost. */
const LOST_NAMES =
  /^Mongo(Network|ServerSelection|PoolCleared|PoolClosed|ConnectionPool|ConnectionStuck|NotConnected|TopologyClosed|ClientClosed|WaitQueueTimeout)/;

const REMEDIES: Readonly<Record<number, string>> = {
  13: 'refuses a command of this user: grant it readWrite on the database',
  18: 'refuses the user or the password: correct DATA_DB',
  8000: 'refuses the user or the password: correct DATA_DB',
  14031: 'cannot grow, the disk is full: free space on its server',
};

/** @param place the database in error texts */
export function mongoFailures(place: string): FailureReader {
  return { failureKind, describe: (error) => describe(error, place) };
}

function failureKind(error: unknown): FailureKind {
  if (error instanceof WriterIsBusy) {
    return 'locked';
  }
  if (!isMongoError(error)) {
    return isOfSocket(error) ? 'lost' : 'write';
  }
  const code = serverCode(error);
  if (code === undefined && error.name === BULK_WRITE) {
    // What the server refuses has a number: without one the answer was lost on its way.
    return 'lost';
  }
  if (code !== undefined) {
    if (hasErrorLabel(error, 'TransientTransactionError')) {
      return 'locked';
    }
    return code === DUPLICATE ? 'write' : LOST.has(code) ? 'lost' : 'database';
  }
  return LOST_NAMES.test(error.name) ? 'lost' : 'database';
}

/** Is a document of this key there already? */
export function isDuplicate(error: unknown): boolean {
  return isMongoError(error) && serverCode(error) === DUPLICATE;
}

/** Is a collection of this name there already? */
export function isNamespaceThere(error: unknown): boolean {
  return isMongoError(error) && serverCode(error) === NAMESPACE_EXISTS;
}

/** An error of the driver. They are told by name, so that the driver is loaded only where it is used. */
function isMongoError(error: unknown): error is Error {
  return error instanceof Error && error.name.startsWith('Mongo');
}

/** Did the server or the driver put this label on the error? */
export function hasErrorLabel(error: unknown, label: string): boolean {
  return isObject(error) && Array.isArray(error.errorLabels) && error.errorLabels.includes(label);
}

/** Errors of sockets and of streams on them that reach us as they are, when a connection goes away in the middle of a command. */
function isOfSocket(error: unknown): error is Error {
  return (
    error instanceof Error &&
    (error.name === 'AbortError' ||
      ('code' in error && /^(E[A-Z]{3,}$|ERR_STREAM_|ERR_SOCKET_|ABORT_ERR)/.test(String(error.code))))
  );
}

/** The server's number of an error; undefined for errors of the driver and of the network. */
function serverCode(error: Error): number | undefined {
  return /^Mongo(Server|BulkWrite|WriteConcern)Error$/.test(error.name) && 'code' in error && error.code !== undefined
    ? Number(error.code)
    : undefined;
}

function describe(error: unknown, place: string): ImError {
  if (error instanceof ImError) {
    return error;
  }
  if (error instanceof WriterIsBusy) {
    return new ImError(
      'store-unavailable',
      `The database ${place} is being written by another daemon: wait until its work is done.`,
      { cause: error },
    );
  }
  if (isOfSocket(error)) {
    return new ImError(
      'store-unavailable',
      `The database ${place} cannot be reached (${error.name}): start its server or correct DATA_DB.`,
      { cause: error },
    );
  }
  if (!isMongoError(error)) {
    const name = error instanceof Error ? error.name : typeof error;
    return new ImError('internal', `A fault in the daemon's code (${name}) stopped the use of the database ${place}.`, {
      cause: error,
    });
  }
  const code = serverCode(error);
  // The server's texts can quote values.
  const cause = new Error(code === undefined ? error.name : `${error.name} ${code}`);
  if (code === DUPLICATE) {
    return new ImError(
      'internal',
      `The database ${place} refused a change (${cause.message}): nothing of it was written.`,
      {
        cause,
      },
    );
  }
  const remedy = code === undefined ? undefined : REMEDIES[code];
  if (remedy !== undefined) {
    return new ImError('store-unavailable', `The database ${place} ${remedy}.`, { cause });
  }
  return new ImError(
    'store-unavailable',
    failureKind(error) === 'lost'
      ? `The database ${place} cannot be reached (${reachability(error)}): start its server or correct DATA_DB.`
      : `The database ${place} does not do its work (${cause.message}): look into the log of its server.`,
    { cause },
  );
}

/** Texts of the network name hosts and system errors, no values. */
function reachability(error: Error): string {
  const code = serverCode(error);
  return code === undefined ? error.message : `error ${code}`;
}
