// SPDX-License-Identifier: Apache-2.0
// Turns of the writers: one daemon writes at a time. All that is decided is decided by inserting a document whose key only one can have,
// which every server that speaks the protocol does atomically.
import type { Db } from 'mongodb';
import { integerOf, type Row, textOf } from '../rows/row.js';
import { documentsOf, WAITING, WRITER } from './collections.js';
import { insertUnlessThere } from './insert-unless-there.js';
import { WriterIsBusy } from './mongo-errors.js';
import { serverTime } from './server-time.js';

/** A turn that was taken. */
export interface Turn {
  /** Number of the batch that may be committed in it; each turn has the next one. */
  readonly batch: number;
}

/** Carries out completely what was committed in a turn, however much of it was done before. */
export type FinishBatch = (batch: number) => Promise<void>;

/** A daemon that does not come to the end of its turn in this time loses it. */
const TURN_MS = 5_000;
/** A daemon that waits goes before one that just had its turn, for so long. */
const WAITING_MS = 1_000;
/** Turns that are remembered: a daemon looks up its last one after it lost the connection. */
const KEPT_TURNS = 500;
/** How often older ones are removed. */
const CLEANING_INTERVAL = 100;
/** A turn, its end, and that it is done. */
const ROWS_OF_A_TURN = 3;

type Kind = 'turn' | 'end' | 'done';
type Outcome = 'committed' | 'abandoned' | 'empty';

/**
 * Takes the next turn, after everything that was committed in earlier ones is carried out.
 * @throws WriterIsBusy when it is another daemon's turn
 */
export async function takeTurn(db: Db, writerId: string, finish: FinishBatch): Promise<Turn> {
  const writers = documentsOf(db, WRITER);
  const now = await serverTime(db);
  const rows: readonly Row[] = await writers.find({}).sort({ turn: -1 }).limit(ROWS_OF_A_TURN).toArray();
  const last = rows.find((row) => isKind(row, 'turn'));
  if (last !== undefined) {
    const isMine = textOf(last, 'holder') === writerId;
    const isOver = isMine || integerOf(last, 'expires_at') <= now;
    await endTurn(db, writerId, rows, integerOf(last, 'turn'), isOver, finish, now);
    if (isMine && (await othersWait(db, writerId, now))) {
      throw new WriterIsBusy('another daemon waits for its turn');
    }
  }
  const batch = (last === undefined ? 0 : integerOf(last, 'turn')) + 1;
  const isTaken = await insertUnlessThere(writers, String(batch), {
    kind: 'turn' satisfies Kind,
    turn: batch,
    holder: writerId,
    expires_at: now + TURN_MS,
  });
  if (!isTaken) {
    return await wait(db, writerId, now);
  }
  if (last !== undefined && textOf(last, 'holder') !== writerId) {
    await documentsOf(db, WAITING).deleteOne({ _id: writerId });
  }
  if (batch % CLEANING_INTERVAL === 0) {
    await writers.deleteMany({ turn: { $lt: batch - KEPT_TURNS } });
    await documentsOf(db, WAITING).deleteMany({ expires_at: { $lt: now } });
  }
  return { batch };
}

/**
 * Makes the batch count: from here on it will be carried out completely, by whomever.
 * @throws WriterIsBusy when another daemon has ended the turn: nothing is written then
 */
export async function commitTurn(db: Db, writerId: string, { batch }: Turn): Promise<void> {
  if (!(await decide(db, writerId, batch, 'committed'))) {
    throw new WriterIsBusy('another daemon has taken over');
  }
}

/** Ends a turn in which nothing was committed. */
export async function giveTurnBack(db: Db, writerId: string, { batch }: Turn): Promise<void> {
  await decide(db, writerId, batch, 'empty');
}

/** Ends a turn whose batch is carried out. */
export async function completeTurn(db: Db, { batch }: Turn): Promise<void> {
  await insertUnlessThere(documentsOf(db, WRITER), `${batch}/done`, { kind: 'done' satisfies Kind, turn: batch });
}

/** Was the batch of a turn of this writer committed? */
export async function wasCommitted(db: Db, writerId: string, batch: number): Promise<boolean> {
  const row = await documentsOf(db, WRITER).findOne({ _id: `${batch}/end` });
  return row !== null && textOf(row, 'outcome') === 'committed' && textOf(row, 'holder') === writerId;
}

/** Brings the last turn to its end, unless its holder is still about to. */
async function endTurn(
  db: Db,
  writerId: string,
  rows: readonly Row[],
  turn: number,
  isOver: boolean,
  finish: FinishBatch,
  now: number,
): Promise<void> {
  const end = rows.find((row) => isKind(row, 'end') && integerOf(row, 'turn') === turn);
  if (end === undefined) {
    if (!isOver || !(await decide(db, writerId, turn, 'abandoned'))) {
      await wait(db, writerId, now);
    }
    return;
  }
  const isDone = rows.some((row) => isKind(row, 'done') && integerOf(row, 'turn') === turn);
  if (textOf(end, 'outcome') === 'committed' && !isDone) {
    if (!isOver) {
      await wait(db, writerId, now);
    }
    await finish(turn);
    await completeTurn(db, { batch: turn });
  }
}

/** @returns false when it was decided before */
function decide(db: Db, writerId: string, batch: number, outcome: Outcome): Promise<boolean> {
  return insertUnlessThere(documentsOf(db, WRITER), `${batch}/end`, {
    kind: 'end' satisfies Kind,
    turn: batch,
    holder: writerId,
    outcome,
  });
}

async function wait(db: Db, writerId: string, now: number): Promise<never> {
  const waiting = documentsOf(db, WAITING);
  const expiry = { expires_at: now + WAITING_MS };
  if (!(await insertUnlessThere(waiting, writerId, expiry))) {
    await waiting.updateOne({ _id: writerId }, { $set: expiry });
  }
  throw new WriterIsBusy('another daemon writes');
}

async function othersWait(db: Db, writerId: string, now: number): Promise<boolean> {
  const rows = await documentsOf(db, WAITING).find({}).toArray();
  return rows.some((row) => row._id !== writerId && integerOf(row, 'expires_at') > now);
}

const isKind = (row: Row, kind: Kind): boolean => row.kind === kind;
