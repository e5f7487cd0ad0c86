// SPDX-License-Identifier: Apache-2.0
// Failures of fetching roles and collections, in words for users.
import { errorText, ImError } from '../../domain/index.js';
import { maskUrls } from '../../util/mask-url.js';
import type { ContentRequest } from './content.js';

/** A role or collection cannot be had. */
export class ContentError extends ImError {
  /** Another try may succeed. */
  readonly isTransient: boolean;

  constructor(message: string, facts: { readonly isTransient?: boolean; readonly cause?: unknown } = {}) {
    super('provider', maskUrls(message), facts.cause === undefined ? {} : { cause: facts.cause });
    this.isTransient = facts.isTransient ?? false;
  }
}

/** What the documents call it, without passwords of URLs. */
export function describeRequest({ source, name, version }: ContentRequest): string {
  return maskUrls(`${source}${version === undefined ? '' : `,${version}`}${name === undefined ? '' : `|${name}`}`);
}

/** Any failure while something was fetched; those of the fetcher say themselves whether they may pass. */
export function asContentError(request: ContentRequest, error: unknown): ContentError {
  const isTransient =
    typeof error === 'object' && error !== null && 'isTransient' in error && error.isTransient === true;
  const what = `The Ansible ${request.kind} ${describeRequest(request)} cannot be installed`;
  return new ContentError(`${what}: ${errorText(error)}`, { isTransient, cause: error });
}
