// SPDX-License-Identifier: Apache-2.0
// The record of a virtual machine: what was asked, what was observed, and how far its configuration is.
import type { Radl } from '../radl/index.js';
import { CALL_HOME_KEY } from './call-home.js';
import type { CloudReference } from './credentials.js';
import type { JsonObject } from './json.js';
import type { VmStateFacts } from './states.js';

/** The columns that answer "which state": cheap to read for a thousand VMs. */
export interface VmStatus extends VmStateFacts {
  readonly infrastructureId: string;
  /** Number inside the infrastructure, shown to users, never reused. */
  readonly number: number;
  /** The provider's id; null until it is known, for ever in a VM that could not be launched. */
  readonly providerId: string | null;
  readonly cloud: CloudReference;
  /** Removed (or its launch rolled back): stays for numbering and statistics. */
  readonly isDestroyed: boolean;
}

/** A virtual machine with its documents. */
export interface VirtualMachine extends VmStatus {
  /** Live document: networks + exactly one system, plus the contextualize/configure/deploy parts of the request. */
  readonly info: Radl;
  /** What was asked for (one system). */
  readonly requested: Radl;
  /** Name of the system in the infrastructure's document. */
  readonly systemName: string;
  /** Cause of a failed launch; empty when none. */
  readonly errorMessage: string;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  /** Operation that launched it. */
  readonly operationId: string;
  /** What connectors keep with the VM (volumes, floating IPs, DNS entries, host key...). */
  readonly extra: JsonObject;
}

const DAEMON_KEYS: ReadonlySet<string> = new Set([CALL_HOME_KEY, 'hostKey']);

/** The part of a VM's free map that is the daemon's, not the connector's. */
export function daemonKeysOf(extra: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(extra).filter(([key]) => DAEMON_KEYS.has(key)));
}

/** Is this the permanent record of a launch that failed (core.md §12.4)? */
export function isFailedLaunch(vm: Pick<VmStatus, 'cloudState' | 'providerId' | 'isCreating'>): boolean {
  return vm.cloudState === 'failed' && vm.providerId === null && !vm.isCreating;
}
