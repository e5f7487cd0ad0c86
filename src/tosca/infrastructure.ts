// SPDX-License-Identifier: Apache-2.0
// What translation and outputs need to know of an infrastructure and its machines.
import type { Radl } from '../radl/index.js';

/** The cloud of a machine, for attributes of functions. */
export interface CloudView {
  readonly type: string;
  /** URL of the endpoint; empty when there is none. */
  readonly url: string;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly token?: string | undefined;
}

/** One machine. */
export interface VmView {
  readonly number: number;
  readonly providerId: string | null;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly isDestroyed: boolean;
  /** Current document. */
  readonly info: Radl;
  /** Document that was asked for; the name of its only system is the group of the machine. */
  readonly requested: Radl;
  /** Contextualization log. */
  readonly log: string;
  readonly cloud?: CloudView | undefined;
}

/** An infrastructure. */
export interface InfrastructureView {
  /** Stored document. */
  readonly radl: Radl;
  readonly vms: readonly VmView[];
}

/** The name of the group that a machine belongs to. */
function groupOf(vm: VmView): string {
  return vm.requested.systems[0]?.name ?? vm.info.systems[0]?.name ?? '';
}

/** Machines by the name of their group. */
export type VmGroups = ReadonlyMap<string, readonly VmView[]>;

/** Machines that are not destroyed, by group, groups in order of their first machine. */
export function vmGroups({ vms }: InfrastructureView): VmGroups {
  const groups = new Map<string, VmView[]>();
  for (const vm of vms) {
    if (vm.isDestroyed) continue;
    const name = groupOf(vm);
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [vm]);
    else group.push(vm);
  }
  return groups;
}
