// SPDX-License-Identifier: Apache-2.0
// One step of the tables' history.
import type { SqlSession } from '../database.js';

/** Brings the tables from the previous version to this one. Never changed once it was released. */
export interface Migration {
  /** 1, 2, ... without gaps. */
  readonly version: number;
  readonly title: string;
  /** Tables that it makes, in this order: what an interrupted run leaves where a rollback takes no table back. */
  readonly tables: readonly string[];
  /** Indexes that it makes on tables of earlier steps, likewise. */
  readonly indexes?: readonly { readonly table: string; readonly name: string }[];
  up(session: SqlSession): Promise<void>;
}
