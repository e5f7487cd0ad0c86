// SPDX-License-Identifier: Apache-2.0
// The life of the daemon's process once everything has started: signals become reload and stop, and a stop has an end.
import type { Daemon } from './daemon.js';
import { errorText } from './domain/index.js';
import type { Logging } from './observability/logging/logging.js';

/** A stop that takes this much longer than it may is cut off: service managers and containers kill soon after. */
const MOST_OVERTIME_MS = 300;

/**
 * Serves until SIGTERM or SIGINT, then stops; a second signal ends the process at once.
 * @param longestStopMs how long the stop may take
 * @param say writes a line to the standard output
 */
export async function liveUntilSignal(
  daemon: Daemon,
  logging: Logging,
  longestStopMs: number,
  say: (line: string) => void,
): Promise<void> {
  process.on('SIGHUP', () => {
    daemon.reload().then(
      () => logging.info('SIGHUP: logs reopened, users and certificates read again.'),
      (error: unknown) => logging.error(`SIGHUP: ${errorText(error)}`),
    );
  });
  process.on('uncaughtException', (error) => logging.error(`Uncaught: ${errorText(error)}`, { error }));
  process.on('unhandledRejection', (error) => logging.error(`Unhandled: ${errorText(error)}`, { error }));
  const signal = await new Promise<NodeJS.Signals>((stop) => {
    process.once('SIGTERM', stop);
    process.once('SIGINT', stop);
  });
  say(`Signal ${signal === 'SIGTERM' ? 15 : 2} received. Exiting...`);
  process.once('SIGTERM', () => process.exit(1));
  process.once('SIGINT', () => process.exit(1));
  setTimeout(() => process.exit(1), longestStopMs + MOST_OVERTIME_MS).unref();
  await daemon.stop();
  await logging.close();
  say('IM service stopped.');
}
