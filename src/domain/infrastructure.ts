// SPDX-License-Identifier: Apache-2.0
// The record of an infrastructure: what the user asked for and what the daemon decided about it as a whole.
import type { Radl } from '../radl/index.js';
import type { Owner } from './credentials.js';
import type { JsonObject } from './json.js';

/** What is needed to authorize a call and to answer the state: everything but the document. */
export interface InfrastructureHeader {
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly owners: readonly Owner[];
  /** Result of the infrastructure's own configuration steps (core.md §1.1). */
  readonly configured: boolean | null;
  /** Number of the VM elected as Ansible master. */
  readonly masterVm: number | null;
  /** A destroy is accepted and not ended. */
  readonly isDestroying: boolean;
  readonly isDeleted: boolean;
  /** Number that the next VM gets; never reused (core.md §13.1). */
  readonly nextVmNumber: number;
  /** Rises with every change of the infrastructure or of its VMs (for ETag). */
  readonly version: number;
}

/** An infrastructure with its document. */
export interface Infrastructure extends InfrastructureHeader {
  /** Merged document of all accepted requests (core.md §6.4). */
  readonly radl: Radl;
  /** Private network id -> id of the cloud where it lives (core.md §12.7). */
  readonly privateNetworks: ReadonlyMap<string, string>;
  /** URLs of snapshots to delete with the infrastructure. */
  readonly snapshots: readonly string[];
  /** Free map; known key `TOSCA`. */
  readonly extra: JsonObject;
}

/** Characters of an infrastructure id: a random UUID, whose first 32 characters are unique too (spec/README.md, HAProxy). */
export const INFRASTRUCTURE_ID_PATTERN = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
