// SPDX-License-Identifier: Apache-2.0
// What the running of the steps needs besides the run itself.
import type { ConfigurationPlan } from '../contract.js';
import type { ControlLink } from './control-link.js';
import type { VmConnection } from './progress.js';
import type { RunContext } from './run-context.js';
import type { TaskTable } from './task-table.js';
import type { VmProxy } from './vm-access.js';

/** A staged plan with its control node. */
export interface StepsContext {
  readonly base: RunContext;
  /** Control node of the VMs of a system: the link to it, and the directory of the runtime there. */
  readonly controlOf: (systemName: string) => {
    readonly link: ControlLink;
    readonly runtimePath: string;
    /** Directories with further collections. */
    readonly collections: readonly string[];
  };
  readonly plan: ConfigurationPlan;
  readonly table: TaskTable;
  /** The infrastructure's directory on the control node. */
  readonly directory: string;
  readonly connections: ReadonlyMap<number, VmConnection>;
  /** Passwords for sudo, by VM. */
  readonly passwords: ReadonlyMap<number, string>;
  /** Bastions of the VMs that are reached through one. */
  readonly proxies: ReadonlyMap<number, VmProxy>;
  /** Texts of the plan's files by path. */
  readonly sources: ReadonlyMap<string, string>;
  /** Recipes are run by the VMs themselves where they can (VM_NUM_USE_CTXT_DIST). */
  readonly isDistributed: boolean;
  /** VMs whose recipes are not run again. */
  readonly settled: ReadonlySet<number>;
  /** Time that is left to the run. */
  readonly remainingMs: () => number;
}
