// SPDX-License-Identifier: Apache-2.0
// A failure that the REST layer itself finds: it has its status and its whole text, no prefix of a route is put before it.
import type { ErrorCode } from '../../domain/index.js';

/** What else an answer with a problem may carry. */
export interface ProblemExtras {
  /** Stable code; default `bad-request`. */
  readonly code?: ErrorCode;
  readonly headers?: Readonly<Record<string, string>>;
  /** Member `detail` of the JSON form, for clients written for the reference (rest-api.md §5.5). */
  readonly detail?: string | readonly Readonly<Record<string, unknown>>[];
  readonly cause?: unknown;
}

/** See the top of the file (rest-api.md §5.4). */
export class RestProblem extends Error {
  override readonly name = 'RestProblem';
  readonly status: number;
  readonly code: ErrorCode;
  readonly headers: Readonly<Record<string, string>>;
  readonly detail: ProblemExtras['detail'];

  constructor(status: number, message: string, extras: ProblemExtras = {}) {
    super(message, extras.cause === undefined ? undefined : { cause: extras.cause });
    this.status = status;
    this.code = extras.code ?? 'bad-request';
    this.headers = extras.headers ?? {};
    this.detail = extras.detail;
  }
}

/** An element of the path that is none of a route's words: 404 (rest-api.md §5.5). `name` is what the reference calls the element. */
export function unknownPathElement(
  message: string,
  name: string,
  value: string,
  allowed: readonly string[],
): RestProblem {
  const input = value.slice(0, 100);
  const expected = allowed.map((word) => `'${word}'`).join(', ');
  const detail = [
    { type: 'literal_error', loc: ['path', name], msg: `Input should be ${expected}`, input, ctx: { expected } },
  ];
  return new RestProblem(404, message, { code: 'not-found', detail });
}
