// SPDX-License-Identifier: Apache-2.0
// What the clients asked for and heard, with times of the system-wide monotonic clock.

/** Kinds of calls. */
export type CallKind =
  | 'create'
  | 'add'
  | 'remove'
  | 'destroy'
  | 'start-vm'
  | 'stop-vm'
  | 'reconfigure'
  | 'state'
  | 'vms'
  | 'list';

/** One call, from its beginning to its answer. */
export interface CallRecord {
  readonly client: string;
  readonly kind: CallKind;
  /** Undefined: a creation whose answer did not come, or a list. */
  infrastructureId: string | undefined;
  /** VMs that a create or an add asks for. */
  readonly requested: number;
  /** VMs that a removal or a power operation names. */
  readonly named: readonly number[];
  readonly isAsync: boolean;
  readonly startedAt: number;
  endedAt: number;
  /** Undefined: no answer came. */
  status: number | undefined;
  text: string;
  /** VM numbers in the answer of an add or of a list of VMs. */
  numbers: readonly number[];
  /** Tries until the answer came, all with one idempotency key. */
  tries: number;
}

/** How a call that changes something ended. `doubt`: it may have been carried out or not, or still be going on. */
export function outcomeOf({ status }: CallRecord): 'done' | 'refused' | 'doubt' {
  if (status === undefined || status >= 500) return 'doubt';
  return status < 300 ? 'done' : 'refused';
}

/** All calls of a run. */
export class History {
  readonly calls: CallRecord[] = [];

  add(call: CallRecord): void {
    this.calls.push(call);
  }

  of(infrastructureId: string, ...kinds: readonly CallKind[]): readonly CallRecord[] {
    return this.calls.filter(
      (call) => call.infrastructureId === infrastructureId && (kinds.length === 0 || kinds.includes(call.kind)),
    );
  }
}
