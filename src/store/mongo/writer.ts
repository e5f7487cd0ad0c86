// SPDX-License-Identifier: Apache-2.0
// What both ways of writing have in common: work drafts its writes, which then reach the server all or not at all.
import type { Draft } from './draft.js';
import type { PrefetchingSource } from './source.js';

/** What a piece of work gets. */
export interface WriteContext {
  readonly draft: Draft;
  readonly source: PrefetchingSource;
}

/** Writes to the server. */
export interface MongoWriter {
  /**
   * Runs work and writes what it drafted, after what a writer that died has left behind. Work can be repeated.
   * @throws ImError
   */
  write<T>(work: (context: WriteContext) => Promise<T>): Promise<T>;
}
