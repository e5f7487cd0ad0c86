// SPDX-License-Identifier: Apache-2.0
// Reads the lines of the stock callback ansible.posix.jsonl into typed events; anything else is a plain line.

/** A result of a task as Ansible gives it: nothing in it is checked. */
export type RawResult = Readonly<Record<string, unknown>>;

/** Words for how a task ended on a host. */
export type Outcome = 'ok' | 'failed' | 'skipped' | 'unreachable';

/** The task that an event is about. */
export interface EventTask {
  readonly id: string;
  readonly name: string;
  /** `<file>:<line>`. */
  readonly path: string;
  /** ISO time in UTC. */
  readonly start: string;
}

/** Counts of one host at the end. */
export interface HostStats {
  readonly ok: number;
  readonly changed: number;
  readonly unreachable: number;
  readonly failures: number;
}

/** One line of the stream. */
export type AnsibleEvent =
  | { readonly kind: 'play'; readonly id: string; readonly name: string }
  /** A task begins; `isHandler` and the lockstep form are known for the strategy `linear` only. */
  | { readonly kind: 'task'; readonly task: EventTask; readonly isHandler: boolean; readonly isLockstep: boolean }
  | {
      readonly kind: 'results';
      readonly outcome: Outcome;
      readonly task: EventTask;
      readonly results: readonly (readonly [host: string, result: RawResult])[];
    }
  | { readonly kind: 'stats'; readonly hosts: ReadonlyMap<string, HostStats> }
  | { readonly kind: 'plain'; readonly text: string }
  | { readonly kind: 'none' };

/** Longer lines are not read as events: their results are left out, the final counts still tell how the run ended. */
const MAX_EVENT = 16 * 1024 * 1024;

const OUTCOMES: ReadonlyMap<unknown, Outcome> = new Map([
  ['v2_runner_on_ok', 'ok'],
  ['v2_runner_on_failed', 'failed'],
  ['v2_runner_on_skipped', 'skipped'],
  ['v2_runner_on_unreachable', 'unreachable'],
]);

/** Reads one line without its line end. Never throws. */
export function parseEvent(line: string): AnsibleEvent {
  if (!line.startsWith('{"_event":')) return { kind: 'plain', text: line };
  if (line.length > MAX_EVENT) return { kind: 'plain', text: `[... an event of ${line.length} bytes left out ...]` };
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    // Cut on its way because it is too long: half of a result of one host is no message of Ansible to all.
    return { kind: 'plain', text: `[... an event of ${line.length} bytes left out ...]` };
  }
  return eventOf(objectOf(value));
}

function eventOf(event: RawResult): AnsibleEvent {
  const name = event._event;
  const outcome = OUTCOMES.get(name);
  if (outcome !== undefined) {
    const results = Object.entries(objectOf(event.hosts)).map(([host, result]) => [host, objectOf(result)] as const);
    return { kind: 'results', outcome, task: taskOf(event), results };
  }
  switch (name) {
    case 'v2_playbook_on_play_start': {
      const play = objectOf(event.play);
      return { kind: 'play', id: textOf(play.id), name: textOf(play.name) };
    }
    case 'v2_runner_on_start':
      return { kind: 'task', task: taskOf(event), isHandler: false, isLockstep: false };
    case 'v2_playbook_on_task_start':
      return { kind: 'task', task: taskOf(event), isHandler: false, isLockstep: true };
    case 'v2_playbook_on_handler_task_start':
      return { kind: 'task', task: taskOf(event), isHandler: true, isLockstep: true };
    case 'v2_playbook_on_stats':
      return { kind: 'stats', hosts: new Map(Object.entries(objectOf(event.stats)).map(statsOf)) };
    default:
      return { kind: 'none' };
  }
}

function taskOf(event: RawResult): EventTask {
  const task = objectOf(event.task);
  const start = textOf(objectOf(task.duration).start);
  return { id: textOf(task.id), name: textOf(task.name), path: textOf(task.path), start };
}

function statsOf([host, value]: readonly [string, unknown]): [string, HostStats] {
  const stats = objectOf(value);
  const count = (key: string): number => (typeof stats[key] === 'number' ? stats[key] : 0);
  return [
    host,
    { ok: count('ok'), changed: count('changed'), unreachable: count('unreachable'), failures: count('failures') },
  ];
}

/** The value as an object with unchecked members; an empty one when it is none. */
export function objectOf(value: unknown): RawResult {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
}

/** The value when it is a text, else an empty one. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
