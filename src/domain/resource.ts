// SPDX-License-Identifier: Apache-2.0
// The ledger: every provider resource that the daemon made or was about to make (design/idempotency.md).
import type { CloudReference } from './credentials.js';
import type { JsonObject } from './json.js';

/** `vm` entries belong to one VM; others to a VM (`vmNumber`) or to the whole infrastructure (null). */
export type ResourceKind =
  | 'vm'
  | 'network'
  | 'subnet'
  | 'router'
  | 'security-group'
  | 'port'
  | 'volume'
  | 'floating-ip'
  | 'key-pair'
  | 'snapshot'
  | 'other';

/**
 * intent: about to be created, the provider may or may not have it · created: the provider's id is known ·
 * deleting: a delete was sent or is about to be · deleted: absence was confirmed · abandoned: a forced destroy gave up on it.
 */
export type ResourceState = 'intent' | 'created' | 'deleting' | 'deleted' | 'abandoned';

/** A ledger entry. */
export interface Resource {
  readonly id: string;
  readonly infrastructureId: string;
  readonly operationId: string;
  readonly kind: ResourceKind;
  readonly cloud: CloudReference;
  readonly vmNumber: number | null;
  /** Deterministic name or client token under which the provider can be asked for it. */
  readonly token: string;
  readonly providerId: string | null;
  readonly state: ResourceState;
  /** What the connector needs to find or delete it (region, driver...). No secrets. */
  readonly data: JsonObject;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
}

/**
 * Launch token of a VM: the idempotency handle that the create call itself sets (design/idempotency.md). A new generation is a new try
 * after a definite failure.
 */
export function launchToken(infrastructureId: string, vmNumber: number, generation: number): string {
  return `${infrastructureId}-${vmNumber}-${generation}`;
}
