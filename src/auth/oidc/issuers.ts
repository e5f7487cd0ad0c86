// SPDX-License-Identifier: Apache-2.0
// The discovery documents of the accepted issuers: read at first use, kept for a while, read again when they turn out wrong.
import { UnreachableError } from '../bounded-http.js';
import { discoverIssuer, type Issuer, type IssuerOptions } from './issuer.js';
import { causeOf, IssuerAnswerError } from './issuer-fetch.js';

const MAX_AGE_MS = 3_600_000;

/** The issuers that were asked so far. Their number is bounded by the configuration. */
export interface Issuers {
  /**
   * Asks an issuer something; its discovery document is read before when it is not known.
   * @throws ImError `provider` when the document cannot be read; otherwise what the task throws
   */
  ask<T>(issuer: string, task: (issuer: Issuer) => Promise<T>): Promise<T>;
}

/** @param options.now milliseconds since 1970 */
export function createIssuers(options: IssuerOptions & { readonly now: () => number }): Issuers {
  const known = new Map<string, { readonly issuer: Promise<Issuer>; readonly readAtMs: number }>();

  const entryOf = (name: string) => {
    const nowMs = options.now();
    const entry = known.get(name);
    if (entry && nowMs - entry.readAtMs < MAX_AGE_MS) return entry;
    const fresh = { issuer: discoverIssuer(name, options), readAtMs: nowMs };
    known.set(name, fresh);
    return fresh;
  };

  return {
    ask: async (name, task) => {
      const entry = entryOf(name);
      let discovered: Issuer | undefined;
      try {
        discovered = await entry.issuer;
        return await task(discovered);
      } catch (error) {
        // Failed discoveries are not remembered, and endpoints that are not where the document says may have moved.
        const hasMoved = causeOf(error, UnreachableError) || causeOf(error, IssuerAnswerError)?.status === 404;
        if ((!discovered || hasMoved) && known.get(name) === entry) known.delete(name);
        throw error;
      }
    },
  };
}
