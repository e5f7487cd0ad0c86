// SPDX-License-Identifier: Apache-2.0
// The one table of how failures of the use cases become answers: prefix and status by route and reason (rest-api.md §5.3).
// Wrong IM credentials are 401 on every route, where the reference answers 400 on most: so the recorded exchanges of ours say.
import { type ErrorCode, ImError } from '../../domain/index.js';
import { RadlError } from '../../radl/index.js';
import { CallAborted, TIMED_OUT } from '../call.js';
import { RestProblem } from './problem.js';

/** How the failures of one route are shown. */
export interface ErrorRules {
  readonly prefix: string;
  /** Prefix of failures without a row in the table, where it differs. */
  readonly otherPrefix?: string;
  /** Prefix for an unknown infrastructure, where it differs. */
  readonly infrastructurePrefix?: string;
  /** Statuses that differ from the usual ones. */
  readonly statuses?: Partial<Record<ErrorCode, number>>;
}

// Failures that a client meets on any route and that say nothing about the request itself keep their own status and text.
const UNPREFIXED: ReadonlySet<ErrorCode> = new Set([
  'payload-too-large',
  'unsupported-media-type',
  'not-acceptable',
  'timeout',
  'idempotency-key-reused',
  'too-many-requests',
  'not-from-tosca',
]);

const TABLE_CODES: ReadonlySet<ErrorCode> = new Set([
  'invalid-credentials',
  'unauthorized',
  'infrastructure-not-found',
  'infrastructure-deleted',
  'vm-not-found',
  'vm-deleted',
  'function-disabled',
  'incorrect-state',
]);

const RETRY_AFTER_SECONDS: Partial<Record<ErrorCode, string>> = { 'store-unavailable': '5', 'too-many-requests': '5' };

/** Turns whatever a handler threw into a problem to answer with. Undefined: nobody foresaw it, it is a defect. */
export function problemOf(error: unknown, rules: ErrorRules): RestProblem | undefined {
  if (error instanceof RestProblem) return error;
  if (error instanceof CallAborted) return new RestProblem(504, TIMED_OUT, { code: 'timeout', cause: error });
  if (error instanceof RadlError) {
    return new RestProblem(400, `${rules.otherPrefix ?? rules.prefix}${error.message}`, { cause: error });
  }
  if (!(error instanceof ImError) || error.code === 'internal') return undefined;
  const retryAfter = RETRY_AFTER_SECONDS[error.code];
  return new RestProblem(statusOf(error, rules), prefixOf(error, rules) + error.message, {
    code: error.code,
    cause: error,
    ...(retryAfter !== undefined && { headers: { 'Retry-After': retryAfter } }),
  });
}

function statusOf(error: ImError, rules: ErrorRules): number {
  // Missing credentials are 401 everywhere; only wrong ones keep the reference's split (spec/README.md).
  if (error.code === 'invalid-credentials' && error.details?.reason === 'missing') return 401;
  return rules.statuses?.[error.code] ?? error.status;
}

function prefixOf(error: ImError, rules: ErrorRules): string {
  if (UNPREFIXED.has(error.code)) return '';
  if (error.code === 'invalid-document') return 'Error parsing request body: ';
  if (error.code === 'infrastructure-not-found' || error.code === 'infrastructure-deleted') {
    return rules.infrastructurePrefix ?? rules.prefix;
  }
  return TABLE_CODES.has(error.code) ? rules.prefix : (rules.otherPrefix ?? rules.prefix);
}

/** The answer to a defect: it names the request, for the log, and nothing of the inside. */
export function unexpectedProblem(rules: ErrorRules, requestId: string): RestProblem {
  return new RestProblem(
    500,
    `${rules.prefix}Internal error. The log of the service has the details under request ${requestId}.`,
    {
      code: 'internal',
    },
  );
}
