// SPDX-License-Identifier: Apache-2.0
// How far a run has come, kept so that a restarted daemon goes on where it stopped (contextualization.md §24.5).
import {
  type ConfigurationFailure,
  failuresFromJson,
  failureToJson,
  type JsonObject,
  type JsonValue,
} from '../../domain/index.js';
import type { ContextualizationPorts } from '../contract.js';
import type { Endpoint } from './vm-access.js';

/** One try of a task: its process on the control node and how much of its events is in the logs. */
export interface TaskProgress {
  /** From 1. */
  readonly attempt: number;
  /** Bytes of the event file of this try that are rendered and logged. */
  readonly offset: number;
  /** VMs that this try is for. */
  readonly vms: readonly number[];
  /** Results of earlier tries. */
  readonly ok: readonly number[];
  readonly failed: readonly number[];
}

/** What Ansible needs to know about the log-in of a VM. */
export interface VmConnection {
  readonly user: string;
  /** Route from the control node. */
  readonly route: Endpoint;
  /** sudo asks for the user's password. */
  readonly needsPassword: boolean;
  readonly python: string;
  /** A Windows machine: how WinRM is spoken to it. */
  readonly winrm?: 'http' | 'https';
  /** The control node reaches the VM only through the bastion of its network. */
  readonly isBehindProxy?: true;
}

/** Everything that is remembered of a run. Contains no secrets. */
export interface RunProgress {
  readonly runId: string;
  /** `preparing` is done again after a restart (all of it may be repeated); `steps` goes on. */
  readonly phase: 'preparing' | 'steps';
  /** Infrastructure lines and VM blocks that are in the logs. */
  readonly logged: readonly string[];
  /** Directories of runtime and further collections on each control node, by control key. */
  readonly runtimes: ReadonlyMap<string, { readonly path: string; readonly collections: readonly string[] }>;
  /** Of the control node; the time lines of the logs show its local time. */
  readonly timeZoneOffsetMinutes: number;
  /** Free memory of the control node before the steps, MiB; 0 when it is not known. */
  readonly freeMib: number;
  readonly connections: ReadonlyMap<number, VmConnection>;
  /** VMs that have runtime and plan to configure themselves; undefined until it was brought to them. */
  readonly selfConfigured?: readonly number[] | undefined;
  readonly failedVms: readonly number[];
  /** VMs whose result was reported, good or bad. Added to in place: there may be thousands, and each comes alone. */
  readonly finishedVms: Set<number>;
  /** Names of the ended tasks. */
  readonly endedTasks: readonly string[];
  readonly runningTasks: ReadonlyMap<string, TaskProgress>;
  /** What the failure report shows; bounded. */
  readonly failures: readonly ConfigurationFailure[];
  /** Failures that found no room there. */
  readonly failuresLeftOut: number;
}

/** The beginning of a run. */
export const freshProgress = (runId: string): RunProgress => ({
  runId,
  phase: 'preparing',
  logged: [],
  runtimes: new Map(),
  timeZoneOffsetMinutes: 0,
  freeMib: 0,
  connections: new Map(),
  failedVms: [],
  finishedVms: new Set(),
  endedTasks: [],
  runningTasks: new Map(),
  failures: [],
  failuresLeftOut: 0,
});

const isObject = (value: JsonValue | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const objectOf = (value: JsonValue | undefined): JsonObject => (isObject(value) ? value : {});
const textsOf = (value: JsonValue | undefined): readonly string[] =>
  Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
const numbersOf = (value: JsonValue | undefined): readonly number[] =>
  Array.isArray(value) ? value.filter((item) => typeof item === 'number') : [];
const numberOf = (value: JsonValue | undefined): number => (typeof value === 'number' ? value : 0);
const textOf = (value: JsonValue | undefined): string => (typeof value === 'string' ? value : '');

function connectionOf(value: JsonValue | undefined): VmConnection {
  const item = objectOf(value);
  return {
    user: textOf(item.user),
    route: { host: textOf(item.host), port: numberOf(item.port) },
    needsPassword: item.needsPassword === true,
    python: textOf(item.python),
    ...((item.winrm === 'http' || item.winrm === 'https') && { winrm: item.winrm }),
    ...(item.isBehindProxy === true && { isBehindProxy: true }),
  };
}

function taskOf(value: JsonValue | undefined): TaskProgress {
  const item = objectOf(value);
  return {
    attempt: numberOf(item.attempt),
    offset: numberOf(item.offset),
    vms: numbersOf(item.vms),
    ok: numbersOf(item.ok),
    failed: numbersOf(item.failed),
  };
}

/** Reads what was saved. Anything of another run, or of a form that is not ours, is the beginning. */
export function parseProgress(saved: JsonObject, runId: string): RunProgress {
  if (saved.runId !== runId || (saved.phase !== 'preparing' && saved.phase !== 'steps')) return freshProgress(runId);
  const connections = Object.entries(objectOf(saved.connections));
  return {
    runId,
    phase: saved.phase,
    logged: textsOf(saved.logged),
    runtimes: new Map(
      Object.entries(objectOf(saved.runtimes)).map(([key, value]) => {
        const { path, collections } = objectOf(value);
        return [key, { path: textOf(path), collections: textsOf(collections) }];
      }),
    ),
    timeZoneOffsetMinutes: numberOf(saved.timeZoneOffsetMinutes),
    freeMib: numberOf(saved.freeMib),
    connections: new Map(connections.map(([vm, value]) => [Number(vm), connectionOf(value)])),
    ...(Array.isArray(saved.selfConfigured) && { selfConfigured: numbersOf(saved.selfConfigured) }),
    failedVms: numbersOf(saved.failedVms),
    finishedVms: new Set(numbersOf(saved.finishedVms)),
    endedTasks: textsOf(saved.endedTasks),
    runningTasks: new Map(Object.entries(objectOf(saved.runningTasks)).map(([name, value]) => [name, taskOf(value)])),
    failures: failuresFromJson(saved.failures),
    failuresLeftOut: numberOf(saved.failuresLeftOut),
  };
}

/** The form that is saved. */
export function progressToJson(progress: RunProgress): JsonObject {
  const connections = [...progress.connections].map(([vm, { route, ...facts }]) => [
    String(vm),
    { ...facts, host: route.host, port: route.port },
  ]);
  return {
    runId: progress.runId,
    phase: progress.phase,
    logged: progress.logged,
    runtimes: Object.fromEntries(progress.runtimes),
    timeZoneOffsetMinutes: progress.timeZoneOffsetMinutes,
    freeMib: progress.freeMib,
    connections: Object.fromEntries(connections),
    ...(progress.selfConfigured && { selfConfigured: progress.selfConfigured }),
    failedVms: progress.failedVms,
    finishedVms: [...progress.finishedVms],
    endedTasks: progress.endedTasks,
    runningTasks: Object.fromEntries([...progress.runningTasks].map(([name, task]) => [name, { ...task }])),
    failures: progress.failures.map(failureToJson),
    failuresLeftOut: progress.failuresLeftOut,
  };
}

/** The progress of a run, changed by many at once. */
export interface ProgressKeeper {
  readonly current: RunProgress;
  /** Changes and saves; resolves when this change is durable. Changes during a save go out together with the next one. */
  update(change: (progress: RunProgress) => Partial<RunProgress>): Promise<void>;
}

/** A keeper that saves through the ports, one save at a time. */
export function createProgressKeeper(
  initial: RunProgress,
  ports: Pick<ContextualizationPorts, 'saveProgress'>,
): ProgressKeeper {
  let current = initial;
  let running: Promise<void> = Promise.resolve();
  let next: Promise<void> | undefined;
  const save = (): Promise<void> => {
    next ??= running
      .catch(() => {}) // its own caller sees that error
      .then(() => {
        next = undefined;
        running = ports.saveProgress(progressToJson(current));
        return running;
      });
    return next;
  };
  return {
    get current() {
      return current;
    },
    update: (change) => {
      current = { ...current, ...change(current) };
      return save();
    },
  };
}
