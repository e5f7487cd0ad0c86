// SPDX-License-Identifier: Apache-2.0
// The one error family of the daemon: each error knows its stable code, its HTTP status and the text that clients see.

/** Stable, machine-readable reason of a failure. REST maps it to a status per route (rest-api.md §5.3). */
export type ErrorCode =
  | 'invalid-credentials'
  | 'unauthorized'
  | 'infrastructure-not-found'
  | 'infrastructure-deleted'
  | 'vm-not-found'
  | 'vm-deleted'
  | 'function-disabled'
  | 'incorrect-state'
  /** An idempotency key came with another request than before. */
  | 'idempotency-key-reused'
  | 'bad-request'
  /** The deployment document itself cannot be read: REST names the request body in front. */
  | 'invalid-document'
  /** A property that only infrastructures made from TOSCA have. */
  | 'not-from-tosca'
  | 'not-found'
  | 'unsupported-media-type'
  | 'not-acceptable'
  | 'payload-too-large'
  | 'not-supported'
  | 'provider'
  | 'cancelled'
  | 'timeout'
  | 'too-many-requests'
  | 'store-unavailable'
  | 'internal';

const STATUS: Record<ErrorCode, number> = {
  'invalid-credentials': 401,
  unauthorized: 403,
  'infrastructure-not-found': 404,
  'infrastructure-deleted': 404,
  'vm-not-found': 404,
  'vm-deleted': 404,
  'function-disabled': 403,
  'incorrect-state': 409,
  'idempotency-key-reused': 422,
  'bad-request': 400,
  'invalid-document': 400,
  'not-from-tosca': 403,
  'not-found': 404,
  'unsupported-media-type': 415,
  'not-acceptable': 415,
  'payload-too-large': 413,
  'not-supported': 400,
  provider: 400,
  cancelled: 409,
  timeout: 504,
  'too-many-requests': 429,
  'store-unavailable': 503,
  internal: 500,
};

/** Is this the code of an error of ours? For codes that come out of the store. */
export function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(STATUS, code);
}

/** Extra facts of an error: the cause (kept for logs) and structured details for JSON answers. */
export interface ErrorExtras {
  readonly cause?: unknown;
  readonly details?: Readonly<Record<string, unknown>>;
}

/** An expected failure. `message` is the text for the client and never holds a secret. */
export class ImError extends Error {
  readonly code: ErrorCode;
  /** Usual HTTP status; routes may answer another one (rest-api.md §5.3). */
  readonly status: number;
  readonly details: Readonly<Record<string, unknown>> | undefined;

  constructor(code: ErrorCode, message: string, extras: ErrorExtras = {}) {
    super(message, extras.cause === undefined ? undefined : { cause: extras.cause });
    this.name = 'ImError';
    this.code = code;
    this.status = STATUS[code];
    this.details = extras.details;
  }
}

/** 404 for an id that is unknown, or whose row is deleted (core.md §5.2). */
export const infrastructureNotFound = (): ImError =>
  new ImError('infrastructure-not-found', 'Invalid infrastructure ID or access not granted.');

/** 404 for one that was deleted while a call was on its way (core.md §5.2). */
export const infrastructureDeleted = (): ImError => new ImError('infrastructure-deleted', 'Deleted infrastructure.');

/** 403 for an infrastructure of somebody else (core.md §5.2). */
export const accessNotGranted = (): ImError =>
  new ImError('unauthorized', 'Access to this infrastructure not granted.');

/** 404 for a VM number that is unknown or no number (core.md §5.2). */
export const vmNotFound = (): ImError => new ImError('vm-not-found', 'Invalid VM ID');

/** 404 for a VM that was destroyed (core.md §5.2). */
export const vmDeleted = (): ImError => new ImError('vm-deleted', 'Deleted VM.');

/** 403 for a call that BOOT_MODE forbids (core.md §5.3). */
export const functionDisabled = (): ImError => new ImError('function-disabled', 'Function currently disabled.');

/** 409 for a call that does not fit the state of the infrastructure (core.md §5.4). */
export const incorrectState = (): ImError => new ImError('incorrect-state', 'Invalid State to perform this operation.');

/** 400 with a free text. */
export const badRequest = (message: string, extras?: ErrorExtras): ImError =>
  new ImError('bad-request', message, extras);

/** Text of anything that was thrown, for logs and for messages that wrap it. */
export function errorText(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') {
    return error.errors.map(errorText).join('; ');
  }
  return error instanceof Error ? error.message : String(error);
}
