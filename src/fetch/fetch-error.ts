// SPDX-License-Identifier: Apache-2.0
// Why something could not be fetched.
import { maskUrls } from '../util/mask-url.js';

const MAX_BODY = 200;

/** A failed fetch: `reason` in a few words, `body` the beginning of the answer when there was one. */
export class FetchError extends Error {
  readonly reason: string;
  readonly body: string;
  /** HTTP status; absent when there was no answer. */
  readonly status: number | undefined;

  constructor(
    url: string,
    reason: string,
    facts: { readonly status?: number; readonly body?: string; readonly cause?: unknown } = {},
  ) {
    super(`Cannot fetch ${maskUrls(url)}: ${reason}`, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.name = 'FetchError';
    this.reason = reason;
    this.body = (facts.body ?? '').slice(0, MAX_BODY);
    this.status = facts.status;
  }

  /** Whether another attempt may succeed: the server is busy or broken, or there was no connection. */
  get isTransient(): boolean {
    return this.status === undefined || this.status === 408 || this.status === 429 || this.status >= 500;
  }
}

/** The URL may not be fetched at all; no attempt is made. */
export class RefusedUrlError extends FetchError {
  override get isTransient(): boolean {
    return false;
  }
}
