// SPDX-License-Identifier: Apache-2.0
// Use case: follow all infrastructures of a caller: which of them change, and to what state.
import { isGranted } from '../../domain/index.js';
import { admit } from '../access.js';
import { watchCredentials } from '../credential-watch.js';
import type { ManagerEnvironment } from '../environment.js';
import type { Call, ManagerEvent } from '../manager.js';
import type { ChangeFeed } from './change-feed.js';
import { createFollower } from './follower.js';

const LOOK_ANYWAY_MS = 60_000;
/** Daemons write times by clocks of their own. */
const CLOCK_SKEW_MS = 5_000;

/** The changes after a position; without one, from now on. */
export async function followInfrastructures(
  environment: ManagerEnvironment,
  feed: ChangeFeed,
  call: Call,
  after: string | undefined,
): Promise<AsyncIterable<ManagerEvent>> {
  const caller = await admit(environment, call, 'read');
  const areGood = watchCredentials(environment, call);
  return events();

  async function* events(): AsyncGenerator<ManagerEvent> {
    const { store, now } = environment;
    const follower = createFollower(feed, call.signal);
    const told = new Map<string, string>();
    let position = /^\d{1,15}$/.test(after ?? '') ? Number(after) : now();
    try {
      // Deleted ones are only found by what is kept of their owners, which the store compares.
      const missed = await store.listInfrastructuresChangedSince(
        position - CLOCK_SKEW_MS,
        caller.isAdmin ? {} : { ownedBy: caller.owners },
      );
      let changed: Iterable<string> = after === undefined ? [] : missed.map(({ id }) => id);
      if (after !== undefined) for (const { id } of missed) told.set(id, '');
      while (!call.signal.aborted && (await areGood())) {
        const looked = now();
        for (const id of changed) {
          const event = await eventOf(id);
          if (event !== undefined) yield event;
        }
        position = looked;
        changed = await follower.changes(LOOK_ANYWAY_MS);
      }
    } finally {
      follower.end();
    }

    /** undefined: it belongs to others, or nothing of it that is told here has changed. */
    async function eventOf(id: string): Promise<ManagerEvent | undefined> {
      const header = await store.getHeader(id);
      // The names of a deleted one's owners stay, their passwords do not: who had heard of it hears of its end.
      if (header === undefined || (header.isDeleted ? !told.has(id) : !isGranted(caller, header.owners))) {
        return undefined;
      }
      if (header.isDeleted) {
        told.delete(id);
        return { id: String(position), name: 'deleted', data: { infrastructure: id } };
      }
      const { state, reason } = await feed.explain(header);
      const form = `${state} ${reason ?? ''}`;
      if (told.get(id) === form) return undefined;
      told.set(id, form);
      return {
        id: String(position),
        name: 'infrastructure',
        data: { infrastructure: id, version: header.version, state, ...(reason !== undefined && { reason }) },
      };
    }
  }
}
