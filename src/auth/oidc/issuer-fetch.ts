// SPDX-License-Identifier: Apache-2.0
// The fetch that openid-client and jose use: bounded, and failing where the status is not 200, with the answer at hand.
import { type BoundedHttp, UnreachableError } from '../bounded-http.js';

/** The issuer answered with another status than 200. */
export class IssuerAnswerError extends Error {
  override readonly name = 'IssuerAnswerError';
  readonly status: number;
  // Private, so that no log shows it with the error.
  readonly #body: string;

  constructor(status: number, body: string) {
    super(`The issuer answered with status ${status}.`);
    this.status = status;
    this.#body = body;
  }

  /** As sent: may be anything, even what we sent. */
  get body(): string {
    return this.#body;
  }

  /** The issuer itself is in trouble, which says nothing about the token. */
  get isOutage(): boolean {
    return this.status >= 500 || this.status === 429;
  }
}

/** What both libraries pass along with the URL. */
interface FetchOptions {
  readonly method: string;
  readonly headers: Record<string, string> | Headers;
  readonly body?: unknown;
  readonly signal?: AbortSignal;
}

/** @throws UnreachableError, IssuerAnswerError */
export type IssuerFetch = (url: string, options: FetchOptions) => Promise<Response>;

/** Makes the fetch. */
export function createIssuerFetch(http: BoundedHttp): IssuerFetch {
  return async (url, { method, headers, body, signal }) => {
    const answer = await http({
      method: method === 'POST' ? 'POST' : 'GET',
      url: new URL(url),
      headers: Object.fromEntries(headers instanceof Headers ? headers.entries() : Object.entries(headers)),
      ...(body instanceof URLSearchParams && { body: body.toString() }),
      signal,
    });
    if (answer.status !== 200) throw new IssuerAnswerError(answer.status, answer.text);
    return new Response(answer.text, { status: 200, headers: { 'content-type': answer.contentType } });
  };
}

/** An error to keep as the cause of ours: those of the libraries carry the bodies of answers. */
export function harmlessCause(error: unknown): Error {
  return (
    causeOf(error, IssuerAnswerError) ??
    causeOf(error, UnreachableError) ??
    new Error(error instanceof Error ? `${error.name}: ${error.message}` : 'unknown')
  );
}

/** The error of this class among an error and its causes: the libraries wrap what their fetch throws. */
export function causeOf<T>(error: unknown, kind: new (...parameters: never[]) => T): T | undefined {
  for (let cause = error, depth = 0; cause !== undefined && depth < 8; depth += 1) {
    if (cause instanceof kind) return cause;
    cause = cause instanceof Error ? cause.cause : undefined;
  }
  return undefined;
}
