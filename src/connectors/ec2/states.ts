// SPDX-License-Identifier: Apache-2.0
// State words of EC2 as cloud states (ec2.md §4).
import type { Instance } from '@aws-sdk/client-ec2';
import type { CloudState } from '../../domain/index.js';

const STATES: ReadonlyMap<string, CloudState> = new Map([
  ['pending', 'pending'],
  ['running', 'running'],
  ['stopping', 'running'],
  ['stopped', 'stopped'],
  ['shutting-down', 'off'],
  ['terminated', 'off'],
]);

/** State of an instance; one that AWS took back (spot) or could not start has failed. */
export function instanceState({ State, StateReason, InstanceLifecycle }: Instance): CloudState {
  const state = STATES.get(State?.Name ?? '') ?? 'unknown';
  const code = StateReason?.Code ?? '';
  const isTakenBack = InstanceLifecycle === 'spot' && code.startsWith('Server.Spot');
  const isBroken =
    code === 'Server.InternalError' ||
    code === 'Client.InternalError' ||
    code === 'Server.InsufficientInstanceCapacity';
  return state === 'off' && (isTakenBack || isBroken) ? 'failed' : state;
}

/** Why an instance does not run, for people. */
export function stateReason({ InstanceId, State, StateReason }: Instance): string {
  const detail = StateReason?.Message ?? StateReason?.Code ?? '';
  return `Instance ${InstanceId} is ${State?.Name ?? 'in an unknown state'}${detail === '' ? '' : ` (${detail})`}.`;
}

/** Is it irrevocably gone? */
export const isGone = ({ State }: Instance): boolean => State?.Name === 'shutting-down' || State?.Name === 'terminated';
