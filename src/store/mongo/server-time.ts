// SPDX-License-Identifier: Apache-2.0
// The time of the server, which all daemons share.
import type { Db } from 'mongodb';
import { unreadable } from '../rows/row.js';

/** Milliseconds since 1970. */
export async function serverTime(db: Db): Promise<number> {
  const { localTime } = await db.command({ hello: 1 });
  return localTime instanceof Date ? localTime.getTime() : unreadable('localTime');
}
