// SPDX-License-Identifier: Apache-2.0
// What the room needs from outside: fetching, the caller's credentials, randomness, and the shipped types.
import type { ShippedTypes } from './shipped-types.js';

/** One line of the caller's credentials, of which only type and token count here. */
export interface CredentialItem {
  readonly type: string;
  readonly token?: string;
}

/** Surroundings of one parse or translation. */
export interface ToscaEnvironment {
  /**
   * The text behind an http or https URL. Failures carry a short `reason` (`Not Found`) and the beginning of the answer as
   * `body`, see `fetchFailure`.
   */
  readonly fetch: (url: string) => Promise<string>;
  /** Types that come with the daemon. */
  readonly types: ShippedTypes;
  /** Credentials of the call, for `access_token()`. */
  readonly credentials: readonly CredentialItem[];
  /** OAIPMH_REPO_BASE_IDENTIFIER_URL: where `template_file` may point to. */
  readonly allowedRepository?: string | undefined;
  /** That many random characters of `[A-Za-z0-9]`, from a cryptographic source. */
  readonly randomText: (length: number) => string;
  /** Identity of a new document (a UUID). */
  readonly documentId: string;
  /**
   * `reference`: follow grycap/im also where we decided otherwise (constraints and `required` of inputs are not enforced, plays
   * of merged recipes get lost). Absent: our decisions (spec/README.md, TOSCA).
   */
  readonly rules?: 'reference' | undefined;
}

/** What loading types and checking a document needs. */
export type ReadEnvironment = Pick<ToscaEnvironment, 'fetch' | 'types' | 'rules'>;

/** Why something could not be fetched. */
export interface FetchFailure {
  readonly reason: string;
  readonly body: string;
}

const MAX_SHOWN_BODY = 200;

/** What the error of a fetcher says; bodies are cut, they come from strangers. */
export function fetchFailure(error: unknown): FetchFailure {
  const facts = typeof error === 'object' && error !== null ? error : {};
  const message = error instanceof Error ? error.message : 'unknown failure';
  const reason = 'reason' in facts && typeof facts.reason === 'string' ? facts.reason : message;
  const body = 'body' in facts && typeof facts.body === 'string' ? facts.body : '';
  return { reason, body: body.slice(0, MAX_SHOWN_BODY) };
}
