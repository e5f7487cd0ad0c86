// SPDX-License-Identifier: Apache-2.0
// What one infrastructure has to do: its queue of operations, the running one, and beside them its configuration.
import type { Operation } from '../domain/index.js';
import type { Cancelled } from './interruption.js';

/** An operation at work. */
export interface RunningOperation {
  readonly operation: Operation;
  /** Tells it to stop, with `Cancelled` or `Parked`. */
  readonly abort: (reason: Error) => void;
  /** Resolves (never rejects) when it has ended or was parked. */
  readonly ended: Promise<void>;
}

/** Operations of one infrastructure in order of acceptance; configurations run in a place of their own, the newest one wins. */
export interface Lane {
  readonly infrastructureId: string;
  readonly queue: Operation[];
  /** Queued operations by id that are to be cancelled when it is their turn, with the reason. */
  readonly doomed: Map<string, Cancelled>;
  running: RunningOperation | undefined;
  configuring: RunningOperation | undefined;
  nextConfiguration: Operation | undefined;
  isDraining: boolean;
  isConfiguring: boolean;
}

/** An empty lane. */
export function createLane(infrastructureId: string): Lane {
  return {
    infrastructureId,
    queue: [],
    doomed: new Map(),
    running: undefined,
    configuring: undefined,
    nextConfiguration: undefined,
    isDraining: false,
    isConfiguring: false,
  };
}

/** Nothing to do and nothing running? */
export function isIdle(lane: Lane): boolean {
  return (
    lane.queue.length === 0 &&
    lane.running === undefined &&
    lane.configuring === undefined &&
    lane.nextConfiguration === undefined
  );
}
