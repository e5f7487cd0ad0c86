// SPDX-License-Identifier: Apache-2.0
// What the daemon tidies up by itself: deleted infrastructures after their retention, and backups, each on one node at its time.
import { createTask, type ScheduledTask } from 'node-cron';
import { errorText } from '../../domain/index.js';
import type { Store } from '../../store/index.js';
import type { Logger } from '../../util/logger.js';
import { purgeDeleted } from './purge.js';
import { type BackupPlace, makeScheduledBackup } from './scheduled-backup.js';
import { type MaintenanceTask, takeTurn } from './turn.js';

/** The options of the maintenance. */
export interface MaintenanceSettings {
  /** Days that a deleted infrastructure is kept; 0: for ever. */
  readonly deletedRetentionDays: number;
  /** When that is looked at, cron text in the local time of the host. Default: every night. */
  readonly purgeSchedule?: string;
  /** Present when backups are wanted and the database is a file. */
  readonly backup?: BackupPlace & {
    /** Five cron fields, in the local time of the host. */
    readonly schedule: string;
  };
}

/** What {@link startMaintenance} needs. */
export interface MaintenanceEnvironment {
  readonly store: Store;
  readonly settings: MaintenanceSettings;
  /** Who takes the turns: this run of the daemon, unlike any other. */
  readonly holder: string;
  readonly logger: Logger;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** Maintenance that is scheduled. */
export interface Maintenance {
  /** Calls off what runs and waits for it. */
  stop(): Promise<void>;
}

/** The house is quiet then, and no clock change makes that minute disappear. */
const PURGE_SCHEDULE = '17 4 * * *';
const DAY_MS = 86_400_000;
/** Longer than the clocks of the daemons are apart, shorter than any sensible schedule's period. */
const TURN_MS = 50_000;

/** Schedules the maintenance. Retention is also looked at once at the start: the host may never run at that hour. */
export function startMaintenance(environment: MaintenanceEnvironment): Maintenance {
  const { settings, logger } = environment;
  const { backup, deletedRetentionDays } = settings;
  const stopping = new AbortController();
  const running = new Set<Promise<void>>();
  const tasks: ScheduledTask[] = [];

  const start = (name: MaintenanceTask, work: (signal: AbortSignal) => Promise<void>): Promise<void> => {
    const turn = { holder: environment.holder, turnMs: TURN_MS, signal: stopping.signal };
    const run = takeTurn(environment.store, name, turn, work)
      .catch((error: unknown) => {
        if (!stopping.signal.aborted) {
          logger.error(`The ${name} did not succeed and is tried again at its next time: ${errorText(error)}`);
        }
      })
      .finally(() => running.delete(run));
    running.add(run);
    return run;
  };
  const schedule = (text: string, name: MaintenanceTask, work: (signal: AbortSignal) => Promise<void>): void => {
    const task = createTask(text, () => start(name, work), {
      name,
      noOverlap: true,
      unref: true,
      suppressMissedWarning: true,
      logger: cronLogger(logger),
    });
    void task.start();
    tasks.push(task);
  };

  if (deletedRetentionDays > 0) {
    const work = (signal: AbortSignal) => purge(environment, signal);
    void start('maintenance/purge', work);
    schedule(settings.purgeSchedule ?? PURGE_SCHEDULE, 'maintenance/purge', work);
  }
  if (backup !== undefined) {
    schedule(backup.schedule, 'maintenance/backup', (signal) => backUp(environment, backup, signal));
  }
  return {
    async stop() {
      stopping.abort(new Error('The daemon is stopping.'));
      await Promise.all(tasks.map((task) => task.destroy()));
      await Promise.all(running);
    },
  };
}

async function purge({ store, settings, logger, now }: MaintenanceEnvironment, signal: AbortSignal): Promise<void> {
  const before = now() - settings.deletedRetentionDays * DAY_MS;
  const { purged, kept } = await purgeDeleted(store, { before, signal });
  for (const { id } of purged) {
    logger.info('Purged: it was destroyed longer ago than DELETED_RETENTION_DAYS.', { infId: id });
  }
  if (kept.length > 0) {
    logger.warn(
      `${kept.length} destroyed infrastructures are kept although DELETED_RETENTION_DAYS is over: something of them may still exist at their providers (im-admin leftovers).`,
    );
  }
}

async function backUp({ logger, now }: MaintenanceEnvironment, place: BackupPlace, signal: AbortSignal): Promise<void> {
  const { file, removed } = await makeScheduledBackup(place, now(), signal);
  logger.info(`Backup ${file} is complete; ${removed.length} older ones were removed.`);
}

/** What the library says is about its own timers. */
function cronLogger(logger: Logger) {
  const write = (message: string | Error, error?: Error): void => {
    logger.debug(`node-cron: ${errorText(message)}${error === undefined ? '' : ` (${errorText(error)})`}`);
  };
  return { info: write, warn: write, error: write, debug: write };
}
