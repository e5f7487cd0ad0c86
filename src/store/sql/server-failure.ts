// SPDX-License-Identifier: Apache-2.0
// What is told of a failed statement on a database server: the same texts whatever its kind.
import { ImError } from '../../domain/index.js';
import { connectionReason, isTlsError } from './connection-errors.js';
import { driverText } from './driver-text.js';

/** A failure that the server itself named. */
export interface NamedFailure {
  /** Names in question, without values. */
  readonly cause: Error;
  /** What to do, as the end of the sentence `The database X ...`. */
  readonly remedy: string | undefined;
  /** The statement was refused; the server is well. */
  readonly isRefusedWrite: boolean;
}

/** Error for a failure that the server named. */
export function describeNamedFailure({ cause, remedy, isRefusedWrite }: NamedFailure, place: string): ImError {
  if (remedy !== undefined) {
    return new ImError('store-unavailable', `The database ${place} ${remedy}.`, { cause });
  }
  return isRefusedWrite
    ? new ImError('internal', `The database ${place} refused a change (${cause.message}): nothing of it was written.`, {
        cause,
      })
    : new ImError(
        'store-unavailable',
        `The database ${place} does not do its work (${cause.message}): look into the log of its server.`,
        { cause },
      );
}

/** Error for a failure without a name of the server's: of the connection, of TLS, or ours. */
export function describeUnnamedFailure(error: unknown, isLost: boolean, place: string): ImError {
  if (isLost) {
    return new ImError(
      'store-unavailable',
      `The database ${place} cannot be reached (${connectionReason(error)}): start its server or correct DATA_DB.`,
      { cause: error },
    );
  }
  if (isTlsError(error)) {
    return new ImError(
      'store-unavailable',
      `The database ${place} cannot be reached over TLS (${driverText(error)}): correct the TLS options of DATA_DB.`,
      { cause: error },
    );
  }
  return new ImError('internal', `A fault in the daemon's code stopped the use of the database ${place}.`, {
    cause: error,
  });
}
