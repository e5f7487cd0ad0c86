// SPDX-License-Identifier: Apache-2.0
// The life of the daemon's process once everything has started: signals become reload and stop, and a stop has an end.
import type { Daemon } from './daemon.js';
import { errorText } from './domain/index.js';
import type { Logging } from './observability/logging/logging.js';

/** A stop that takes this much longer than it may is cut off: service managers and containers kill soon after. */
const MOST_OVERTIME_MS = 300;

/** Where the process writes lines for whoever started it. */
export interface Terminal {
  readonly say: (line: string) => void;
  readonly complain: (line: string) => void;
}

/**
 * Serves until SIGTERM or SIGINT, or until the daemon cannot go on, then stops; a second signal ends the process at once.
 * @param longestStopMs how long the stop may take
 * @returns the exit status
 */
export async function liveUntilSignal(
  daemon: Daemon,
  logging: Logging,
  longestStopMs: number,
  terminal: Terminal,
): Promise<number> {
  process.on('SIGHUP', () => {
    daemon.reload().then(
      () => logging.info('SIGHUP: logs reopened, users and certificates read again.'),
      (error: unknown) => logging.error(`SIGHUP: ${errorText(error)}`),
    );
  });
  process.on('uncaughtException', (error) => logging.error(`Uncaught: ${errorText(error)}`, { error }));
  process.on('unhandledRejection', (error) => logging.error(`Unhandled: ${errorText(error)}`, { error }));
  const signal = new Promise<NodeJS.Signals>((stop) => {
    process.once('SIGTERM', stop);
    process.once('SIGINT', stop);
  });
  const reason = await Promise.race([signal, daemon.failure]);
  const hasFailed = reason instanceof Error;
  if (hasFailed) {
    terminal.complain(errorText(reason));
    logging.error(`The daemon cannot go on: ${errorText(reason)}`);
  } else {
    terminal.say(`Signal ${reason === 'SIGTERM' ? 15 : 2} received. Exiting...`);
  }
  process.once('SIGTERM', () => process.exit(1));
  process.once('SIGINT', () => process.exit(1));
  setTimeout(() => process.exit(1), longestStopMs + MOST_OVERTIME_MS).unref();
  await daemon.stop();
  await logging.close();
  terminal.say('IM service stopped.');
  return hasFailed ? 1 : 0;
}
