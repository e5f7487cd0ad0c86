// SPDX-License-Identifier: Apache-2.0
// Putting a log file away by the clock, with the words of Python's TimedRotatingFileHandler.
import { readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { strftime } from '../logging/strftime.js';
import type { Rotation } from './file-sink.js';

interface Period {
  /** Undefined: the period ends at a midnight. */
  readonly lengthMs: number | undefined;
  readonly suffix: string;
  readonly suffixPattern: RegExp;
  /** Day of the week (Monday is 0) at whose midnight the period ends. */
  readonly weekday?: number;
}

const DAY_PATTERN = /^\d{4}-\d{2}-\d{2}$/;

function periodOf(when: string): Period | undefined {
  const word = when.toUpperCase();
  if (/^W[0-6]$/.test(word)) {
    return { lengthMs: undefined, suffix: '%Y-%m-%d', suffixPattern: DAY_PATTERN, weekday: Number(word.slice(1)) };
  }
  switch (word) {
    case 'S':
      return {
        lengthMs: 1000,
        suffix: '%Y-%m-%d_%H-%M-%S',
        suffixPattern: /^\d{4}-\d{2}-\d{2}_\d{2}-\d{2}-\d{2}$/,
      };
    case 'M':
      return { lengthMs: 60_000, suffix: '%Y-%m-%d_%H-%M', suffixPattern: /^\d{4}-\d{2}-\d{2}_\d{2}-\d{2}$/ };
    case 'H':
      return { lengthMs: 3_600_000, suffix: '%Y-%m-%d_%H', suffixPattern: /^\d{4}-\d{2}-\d{2}_\d{2}$/ };
    case 'D':
      return { lengthMs: 86_400_000, suffix: '%Y-%m-%d', suffixPattern: DAY_PATTERN };
    case 'MIDNIGHT':
      return { lengthMs: undefined, suffix: '%Y-%m-%d', suffixPattern: DAY_PATTERN };
    default:
      return undefined;
  }
}

/** The first midnight after the time that the period ends at. */
function midnightAfter(time: Date, weekday: number | undefined): Date {
  const next = new Date(time);
  next.setHours(0, 0, 0, 0);
  do {
    next.setDate(next.getDate() + 1);
    // getDay counts from Sunday; the day that ends at this midnight is the one before.
  } while (weekday !== undefined && (next.getDay() + 5) % 7 !== weekday);
  return next;
}

/** What {@link createTimeRotation} needs. */
export interface TimeRotationOptions {
  readonly path: string;
  /** S, M, H, D, MIDNIGHT or W0 (Monday) to W6. */
  readonly when: string;
  readonly interval: number;
  /** Old files that are kept; 0 keeps all. */
  readonly backups: number;
  readonly now: () => Date;
}

/** The rotation, or undefined when `when` is none of the words. */
export function createTimeRotation(options: TimeRotationOptions): Rotation | undefined {
  const period = periodOf(options.when);
  if (!period) return undefined;
  const lengthMs = period.lengthMs === undefined ? undefined : period.lengthMs * Math.max(1, options.interval);
  const endAfter = (time: Date): Date =>
    lengthMs === undefined ? midnightAfter(time, period.weekday) : new Date(time.getTime() + lengthMs);

  let startedAt = statSync(options.path, { throwIfNoEntry: false })?.mtime ?? options.now();
  let endsAt = endAfter(startedAt);

  const expired = (newSuffix: string): string[] => {
    if (options.backups <= 0) return [];
    const directory = dirname(options.path);
    const prefix = `${basename(options.path)}.`;
    const suffixes = readdirSync(directory)
      .filter((name) => name.startsWith(prefix))
      .map((name) => name.slice(prefix.length))
      .filter((suffix) => period.suffixPattern.test(suffix) && suffix !== newSuffix)
      .sort();
    const surplus = Math.max(0, suffixes.length + 1 - options.backups);
    return suffixes.slice(0, surplus).map((suffix) => join(directory, prefix + suffix));
  };

  return {
    kind: 'time',
    due: () => {
      const time = options.now();
      if (time < endsAt) return undefined;
      const suffix = strftime(startedAt, period.suffix);
      startedAt = time;
      endsAt = endAfter(time);
      return { suffix, expired: expired(suffix) };
    },
  };
}
