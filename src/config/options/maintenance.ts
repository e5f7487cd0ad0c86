// SPDX-License-Identifier: Apache-2.0
// Options of what the daemon tidies up by itself: deleted infrastructures and backups (persistence.md §8, operations-wishlist.md E1, E6).
import { readCronText } from '../cron-text.js';
import { example, integer, structured, text } from '../option.js';

export const maintenanceOptions = {
  deletedRetentionDays: integer({
    name: 'DELETED_RETENTION_DAYS',
    unit: 'days',
    default: 0,
    min: 0,
    max: 36_500,
    help:
      'Time after its last change for which a destroyed infrastructure is kept for statistics; then its rows are removed, once a day. One ' +
      'that left something behind at its provider stays (im-admin leftovers). 0: for ever.',
    shipped: example('365'),
  }),
  backupDir: text({
    name: 'BACKUP_DIR',
    unit: 'path',
    default: '',
    help:
      'Directory for backups of an SQLite database, made while the daemon runs. They are of no use without SECRETS_KEY_FILE: keep a copy of ' +
      'that elsewhere. Empty: none.',
    shipped: example('/var/backups/im'),
  }),
  backupSchedule: structured({
    name: 'BACKUP_SCHEDULE',
    type: 'string',
    unit: 'minute hour day month weekday',
    must: 'a schedule of five cron fields such as 30 3 * * *',
    default: '30 3 * * *',
    read: readCronText,
    format: (schedule) => schedule,
    help: 'When backups are made, in the local time of the host, as five cron fields.',
  }),
  backupKeep: integer({
    name: 'BACKUP_KEEP',
    unit: 'backups',
    default: 7,
    min: 1,
    max: 10_000,
    help: 'How many backups are kept; the oldest are removed after a new one is complete.',
  }),
};
