// SPDX-License-Identifier: Apache-2.0
// Errors of the way to a database server, as Node and the drivers name them.

import { isObject } from '../rows/row.js';
import { driverText } from './driver-text.js';

const CODES: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nobody listens there',
  ECONNRESET: 'the connection was cut',
  ECONNABORTED: 'the connection was cut',
  EPIPE: 'the connection was cut',
  ENOTFOUND: 'its host name is unknown',
  EAI_AGAIN: 'its host name cannot be looked up now',
  ENOENT: 'its socket does not exist',
  EHOSTUNREACH: 'there is no way to its host',
  ENETUNREACH: 'there is no way to its network',
  ETIMEDOUT: 'no answer in time',
  PROTOCOL_CONNECTION_LOST: 'the connection was cut',
  PROTOCOL_SEQUENCE_TIMEOUT: 'no answer in time',
  // The driver says this of statements on a connection that it already knows to be dead.
  PROTOCOL_ENQUEUE_AFTER_FATAL_ERROR: 'the connection was cut',
};

/** node-postgres gives these no code. */
const TEXTS = /^(Connection terminated|Client has encountered a connection error|timeout expired|Client was closed)/;

/** mysql2 gives these no code either. */
const MYSQL_TEXTS = /connection is in closed state|Connection lost/i;

/** Does the error mean that the connection is gone, or could not be made? */
export function isConnectionError(error: unknown): boolean {
  if (error instanceof AggregateError) {
    return error.errors.some(isConnectionError);
  }
  const code = codeOf(error);
  if (code !== '') {
    return Object.hasOwn(CODES, code);
  }
  return error instanceof Error && (TEXTS.test(driverText(error)) || MYSQL_TEXTS.test(driverText(error)));
}

/** Did the two sides not agree on TLS, or is the certificate not the expected one? Trying again does not help then. */
export function isTlsError(error: unknown): boolean {
  return (
    /^(ERR_(SSL|TLS)_|CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|HANDSHAKE_)/.test(codeOf(error)) ||
    (error instanceof Error && /does not support SSL/.test(error.message))
  );
}

/** The reason in words. */
export function connectionReason(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) {
    return connectionReason(error.errors[0]);
  }
  return CODES[codeOf(error)] ?? driverText(error);
}

function codeOf(error: unknown): string {
  return isObject(error) && typeof error.code === 'string' ? error.code : '';
}
