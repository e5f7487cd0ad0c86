// SPDX-License-Identifier: Apache-2.0
// State words of the engine as cloud states (docker.md §4).
import type { CloudState } from '../../domain/index.js';

const CONTAINER_STATES: ReadonlyMap<string, CloudState> = new Map([
  ['created', 'pending'],
  ['restarting', 'pending'],
  ['running', 'running'],
  ['paused', 'stopped'],
  ['exited', 'stopped'],
  ['removing', 'off'],
  ['dead', 'failed'],
]);

/** State of a container from its `State.Status`. */
export function containerState(status: string): CloudState {
  return CONTAINER_STATES.get(status.toLowerCase()) ?? 'unknown';
}

/** State of a Swarm service from the states of its tasks: one that runs is enough. */
export function serviceState(taskStates: readonly string[]): CloudState {
  return taskStates.includes('running') ? 'running' : 'pending';
}
