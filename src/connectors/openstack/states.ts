// SPDX-License-Identifier: Apache-2.0
// State words of the compute service as cloud states (openstack.md §4).
import type { CloudState } from '../../domain/index.js';

const STATES: ReadonlyMap<string, CloudState> = new Map<string, CloudState>([
  ['BUILD', 'pending'],
  ['REBUILD', 'pending'],
  ['QUEUE_RESIZE', 'pending'],
  ['PREP_RESIZE', 'pending'],
  ['RESIZE', 'pending'],
  ['REVERT_RESIZE', 'pending'],
  ['PASSWORD', 'pending'],
  ['RESCUE', 'pending'],
  ['DELETE_IP', 'pending'],
  ['SHARE_IP', 'pending'],
  ['SHARE_IP_NO_CONFIG', 'pending'],
  ['ACTIVE', 'running'],
  ['VERIFY_RESIZE', 'running'],
  ['REBOOT', 'running'],
  ['HARD_REBOOT', 'running'],
  ['MIGRATING', 'running'],
  ['SUSPENDED', 'stopped'],
  ['SHUTOFF', 'stopped'],
  ['PAUSED', 'stopped'],
  ['SHELVED', 'stopped'],
  ['SHELVED_OFFLOADED', 'stopped'],
  ['DELETED', 'off'],
  ['SOFT_DELETED', 'off'],
  ['ERROR', 'failed'],
]);

/** State of a server from its `status`. */
export function serverState(status: string): CloudState {
  return STATES.get(status.toUpperCase()) ?? 'unknown';
}
