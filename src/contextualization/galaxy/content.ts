// SPDX-License-Identifier: Apache-2.0
// What roles and collections are to this room: what was asked for, and what was found.

/** A role or a collection that somebody asks for: a document, or another role or collection (contextualization.md §7). */
export interface ContentRequest {
  readonly kind: 'role' | 'collection';
  /** `user.role`, `namespace.collection`, a URL of an archive, `git+` and the URL of a repository. */
  readonly source: string;
  /** Directory of a role. */
  readonly name?: string;
  /** Version, tag, branch, commit; of a dependency of a collection also bounds such as `>=1.0.0,<2.0.0`. */
  readonly version?: string;
}

/** What a request came to. */
export interface ContentPin {
  /** Below the infrastructure's directory: `roles/<name>`, `collections/ansible_collections/<namespace>/<name>`. */
  readonly path: string;
  /** Of the content as {@link packContent} packs it, in hex: how it was compressed and by whom does not matter. */
  readonly sha256: string;
  readonly needs: readonly ContentRequest[];
}

/** A pin with the packed content. */
export interface FoundContent extends ContentPin {
  /** Uncompressed tar. */
  readonly packed: Buffer;
}

/** The same for everybody who asks for the same. */
export const requestKey = ({ kind, source, name, version }: ContentRequest): string =>
  JSON.stringify([kind, source, name ?? '', version ?? '']);
