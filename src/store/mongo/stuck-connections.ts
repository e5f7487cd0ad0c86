// SPDX-License-Identifier: Apache-2.0
// Ends work that waits for ever. The driver has no time limit for a command that it writes to a socket in the very moment in which the
// server's end of it goes away (it waits for the socket to drain, which a destroyed one never does), and the connection would stay taken.
import type { MongoClient } from 'mongodb';
import { withTimeout } from '../../util/deadline.js';

/** Work that was given up because its connection will never answer. */
export class ConnectionStuck extends Error {
  override readonly name = 'MongoConnectionStuck';
}

/** Watches the connections of a client. */
export interface StuckConnections {
  /** Runs work and fails with ConnectionStuck instead of waiting for a connection that is stuck. */
  guard<T>(work: () => Promise<T>): Promise<T>;
  /** Looks at the connections no more. */
  stop(): void;
}

/** How long is too long. All in milliseconds. */
export interface StuckLimits {
  /** For one command whose server seems to be well. Longer than the driver's own limits, which leave more behind. */
  readonly commandMs: number;
  /** Since the server was seen to be gone: the driver ends all other commands at that moment. */
  readonly lostMs: number;
  readonly elapsed: () => number;
}

const LOOK_EVERY_MS = 250;
const CLOSE_MS = 3_000;

/** Begins to watch. A client with a stuck connection is closed, which frees them all, and connected again for the next work. */
export function watchStuckConnections(
  client: MongoClient,
  { commandMs, lostMs, elapsed }: StuckLimits,
): StuckConnections {
  /** When each connection that is in use was taken. */
  const taken = new Map<string, number>();
  const waiting = new Set<(error: ConnectionStuck) => void>();
  let lostAt = Number.NEGATIVE_INFINITY;
  /** Set while the client is closed; what comes next waits for it and connects. */
  let closing: Promise<unknown> | undefined;

  client.on('connectionCheckedOut', ({ address, connectionId }) => taken.set(`${address} ${connectionId}`, elapsed()));
  client.on('connectionCheckedIn', ({ address, connectionId }) => taken.delete(`${address} ${connectionId}`));
  client.on('connectionClosed', ({ address, connectionId }) => taken.delete(`${address} ${connectionId}`));
  client.on('serverDescriptionChanged', ({ newDescription }) => {
    if (newDescription.type === 'Unknown') lostAt = elapsed();
  });

  const isStuck = (since: number, now: number): boolean =>
    now - since > commandMs || (since <= lostAt && now - lostAt > lostMs);

  const timer = setInterval(() => {
    const now = elapsed();
    if (![...taken.values()].some((since) => isStuck(since, now))) return;
    taken.clear();
    const error = new ConnectionStuck('a connection was cut and did not say so');
    for (const fail of waiting) fail(error);
    closing ??= withTimeout({ timeoutMs: CLOSE_MS, what: 'the end of a client' }, () => client.close()).catch(
      () => undefined,
    );
  }, LOOK_EVERY_MS).unref();

  async function connectAgain(): Promise<void> {
    await closing;
    await client.connect();
    closing = undefined;
  }

  return {
    async guard(work) {
      let fail: (error: ConnectionStuck) => void = () => undefined;
      const stuck = new Promise<never>((_, reject) => {
        fail = reject;
      });
      waiting.add(fail);
      try {
        return await Promise.race([closing === undefined ? work() : connectAgain().then(work), stuck]);
      } finally {
        waiting.delete(fail);
      }
    },
    stop: () => clearInterval(timer),
  };
}
