// SPDX-License-Identifier: Apache-2.0
// Failures of connections in words for users.
import { FetchError, RefusedUrlError } from './fetch-error.js';
import { RefusedAddressError } from './guarded-agent.js';
import { BodyTooLongError } from './read-body.js';

const REASONS: ReadonlyMap<string, string> = new Map([
  ['ENOTFOUND', 'Name or service not known'],
  ['EAI_AGAIN', 'Temporary failure in name resolution'],
  ['ECONNREFUSED', 'Connection refused'],
  ['ECONNRESET', 'Connection reset by peer'],
  ['EHOSTUNREACH', 'No route to host'],
  ['ENETUNREACH', 'Network is unreachable'],
  ['UND_ERR_CONNECT_TIMEOUT', 'Connection timed out'],
  ['UND_ERR_HEADERS_TIMEOUT', 'No answer in time'],
  ['UND_ERR_BODY_TIMEOUT', 'The answer came too slowly'],
]);

/** The failure as an error of this room. */
export function errorReason(url: string, error: unknown): FetchError {
  const refusal = [error, causeOf(error)].find(
    (item) => item instanceof RefusedAddressError || item instanceof BodyTooLongError,
  );
  if (refusal instanceof Error) return new RefusedUrlError(url, refusal.message, { cause: error });
  const code = codeOf(error) ?? codeOf(causeOf(error));
  const known = code === undefined ? undefined : REASONS.get(code);
  const message = error instanceof Error ? error.message : 'unknown failure';
  return new FetchError(url, known ?? (message || code || 'unknown failure'), { cause: error });
}

function causeOf(error: unknown): unknown {
  return error instanceof Error ? error.cause : undefined;
}

function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
