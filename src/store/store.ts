// SPDX-License-Identifier: Apache-2.0
// The Store contract: atomic batches of row changes on one side, indexed reads on the other.
import type {
  AuthItem,
  CloudState,
  Infrastructure,
  InfrastructureHeader,
  JsonObject,
  Operation,
  OperationState,
  Owner,
  Resource,
  ResourceState,
  Revision,
  VirtualMachine,
  VmStatus,
} from '../domain/index.js';
import type { Radl } from '../radl/index.js';
import type { ReferenceNote } from './reference/report.js';

/** Columns of an infrastructure that can change. */
export interface InfrastructureChanges {
  readonly owners?: readonly Owner[];
  readonly configured?: boolean | null;
  readonly masterVm?: number | null;
  readonly isDestroying?: boolean;
  /** Setting it scrubs owners' passwords, tokens and document secrets from the row and its VMs (persistence.md §8). */
  readonly isDeleted?: true;
  readonly nextVmNumber?: number;
  readonly radl?: Radl;
  readonly privateNetworks?: ReadonlyMap<string, string>;
  readonly snapshots?: readonly string[];
  readonly extra?: JsonObject;
}

/** Columns of a VM that can change. */
export interface VmChanges {
  readonly providerId?: string | null;
  readonly cloudState?: CloudState;
  readonly configured?: boolean | null;
  readonly isDeleting?: boolean;
  readonly isCreating?: boolean;
  readonly isDestroyed?: true;
  /** Milliseconds since 1970. */
  readonly lastUpdate?: number;
  readonly isUpdateFailing?: boolean;
  readonly info?: Radl;
  readonly requested?: Radl;
  readonly errorMessage?: string;
  readonly extra?: JsonObject;
}

/** Columns of an operation that can change. Reaching a final state deletes the sealed credentials. */
export interface OperationChanges {
  readonly state?: OperationState;
  readonly progress?: JsonObject;
  readonly result?: JsonObject;
  readonly error?: { readonly code: string; readonly message: string };
  readonly credentials?: readonly AuthItem[];
  readonly startedAt?: number;
  readonly finishedAt?: number;
}

/** Columns of a ledger entry that can change. */
export interface ResourceChanges {
  readonly state?: ResourceState;
  readonly providerId?: string | null;
  readonly token?: string;
  readonly data?: JsonObject;
}

/** One row change. A batch of them is atomic. */
export type Change =
  /** `updatedAt`: when it was changed last where it comes from, milliseconds since 1970; absent: now. */
  | {
      readonly kind: 'insert-infrastructure';
      readonly infrastructure: Infrastructure;
      readonly updatedAt?: number;
    }
  | { readonly kind: 'update-infrastructure'; readonly id: string; readonly set: InfrastructureChanges }
  /**
   * Adds those of these owners who are none yet, to the owners that there are when the batch is written: who adds one at the same time
   * through another daemon loses nothing.
   */
  | { readonly kind: 'add-owners'; readonly id: string; readonly owners: readonly Owner[] }
  /** Removes a deleted infrastructure with everything that is still kept of it (purge, or its own return by import). */
  | { readonly kind: 'purge-infrastructure'; readonly id: string }
  | { readonly kind: 'insert-vm'; readonly vm: VirtualMachine }
  | { readonly kind: 'update-vm'; readonly infrastructureId: string; readonly number: number; readonly set: VmChanges }
  | { readonly kind: 'insert-operation'; readonly operation: Omit<Operation, 'sequence'> }
  | { readonly kind: 'update-operation'; readonly id: string; readonly set: OperationChanges }
  | { readonly kind: 'insert-resource'; readonly resource: Resource }
  | { readonly kind: 'update-resource'; readonly id: string; readonly set: ResourceChanges }
  | { readonly kind: 'insert-revision'; readonly revision: Omit<Revision, 'number'> }
  /** Appends to a log. `vm` null: the infrastructure's own log. */
  | {
      readonly kind: 'append-log';
      readonly infrastructureId: string;
      readonly vm: number | null;
      readonly text: string;
    }
  | { readonly kind: 'reset-log'; readonly infrastructureId: string; readonly vm: number | null };

/** Right to change an infrastructure. Writes carry the fencing number, so a holder that lost it can write nothing. */
export interface Lease {
  readonly infrastructureId: string;
  readonly holder: string;
  readonly fencing: number;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

/** Which infrastructures to list. */
export interface InfrastructureFilter {
  /** Only those with one of these identities (domain ownerIdentity); absent: all. */
  readonly ownedBy?: readonly Owner[];
}

/** That an infrastructure was changed. */
export interface InfrastructureVersion {
  readonly id: string;
  /** Rises with each batch that changes it, its machines or its logs. */
  readonly version: number;
  /** Time of the last change by the clock of the daemon that made it, milliseconds since 1970. */
  readonly updatedAt: number;
}

/** Facts of an infrastructure that outlive its deletion (oidc-vault-oai-stats.md §4). */
export interface InfrastructureStatistics {
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  /** Time of the last change, milliseconds since 1970. */
  readonly updatedAt: number;
  readonly isDeleted: boolean;
  /** Name of the first owner. */
  readonly username: string;
  /** Name of the TOSCA template, empty when there is none. */
  readonly templateName: string;
  /** All VMs ever, removed ones included. */
  readonly vmCount: number;
  readonly cpuCount: number;
  readonly memoryBytes: number;
  /** Of the first VM. */
  readonly cloudType: string;
  /** First non-empty server of a VM's cloud. */
  readonly cloudServer: string;
  /** VMs are on different servers. */
  readonly isHybrid: boolean;
}

/** Which infrastructures to count: of these owners (absent: all), created at or after / before these times. */
export interface StatisticsFilter extends InfrastructureFilter {
  readonly id?: string;
  readonly createdFrom?: number;
  readonly createdBefore?: number;
}

/** Which operations to list. */
export interface OperationFilter {
  readonly infrastructureId?: string;
  readonly states?: readonly OperationState[];
}

/** Size of a log and the text from an offset. */
export interface LogSlice {
  readonly text: string;
  /** Characters of the whole log. */
  readonly size: number;
}

/**
 * A place for the daemon's state. Every method fails with an ImError `store-unavailable` when the database cannot answer.
 * Reads see every committed batch. Nothing is written by a read.
 */
export interface Store {
  /** Creates or upgrades the tables; safe when several daemons start together. */
  migrate(): Promise<void>;
  close(): Promise<void>;
  /** Fails when the database does not answer; used by the readiness probe. */
  ping(): Promise<void>;

  /**
   * Writes a batch atomically and durably, in order.
   * @param lease when given, nothing is written unless it is still the current one (fails with `incorrect-state`)
   */
  commit(changes: readonly Change[], lease?: Lease): Promise<void>;

  /** A living or deleted infrastructure's header; undefined when there never was one. */
  getHeader(id: string): Promise<InfrastructureHeader | undefined>;
  getInfrastructure(id: string): Promise<Infrastructure | undefined>;
  /** Ids of living infrastructures, newest first. */
  listInfrastructureIds(filter: InfrastructureFilter): Promise<readonly string[]>;
  /** Living and deleted infrastructures that were changed at this time or later, in the order of their changes. */
  listInfrastructuresChangedSince(
    time: number,
    filter?: InfrastructureFilter,
  ): Promise<readonly InfrastructureVersion[]>;

  getVm(infrastructureId: string, number: number): Promise<VirtualMachine | undefined>;
  /** VMs in number order; destroyed ones only on demand. */
  listVms(
    infrastructureId: string,
    options?: { readonly includeDestroyed?: boolean },
  ): Promise<readonly VirtualMachine[]>;
  /** As listVms without the documents. */
  listVmStatuses(
    infrastructureId: string,
    options?: { readonly includeDestroyed?: boolean },
  ): Promise<readonly VmStatus[]>;
  /** Number of living VMs by cloud type and provider-reported state (for metrics). */
  countVms(): Promise<
    readonly { readonly cloudType: string; readonly cloudState: CloudState; readonly count: number }[]
  >;

  /** Statistics of living and deleted infrastructures, newest first. */
  listStatistics(filter: StatisticsFilter): Promise<readonly InfrastructureStatistics[]>;

  getOperation(id: string): Promise<Operation | undefined>;
  /** Operations in order of acceptance. */
  listOperations(filter: OperationFilter): Promise<readonly Operation[]>;

  /** Ledger entries in order of creation. */
  listResources(
    infrastructureId: string,
    filter?: { readonly states?: readonly ResourceState[]; readonly operationId?: string },
  ): Promise<readonly Resource[]>;
  /** Infrastructures that still have ledger entries in one of these states (for recovery and the leak report). */
  listInfrastructuresWithResources(states: readonly ResourceState[]): Promise<readonly string[]>;

  /** Infrastructures of grycap/im in the same database that the last start could not take over; it tries again at each. */
  listNotTakenOver(): Promise<readonly ReferenceNote[]>;

  listRevisions(infrastructureId: string): Promise<readonly Revision[]>;

  /** Log text from a character offset (default 0). */
  readLog(infrastructureId: string, vm: number | null, fromCharacter?: number): Promise<LogSlice>;
  /** All VM logs of an infrastructure that are not empty, by VM number, in one read. */
  readVmLogs(infrastructureId: string): Promise<ReadonlyMap<number, string>>;

  /**
   * Takes or renews the lease when it is free, expired or already this holder's; undefined when somebody else holds it.
   * @param replaces asked about a lease of somebody else that has not run out; true: its holder is known to use it no more, and it is
   *   taken with a new fencing number. Called in the transaction, several times when that is repeated; not called when the lease is just
   *   being written. The `expiresAt` that it gets is by the clock of the database.
   */
  acquireLease(
    infrastructureId: string,
    holder: string,
    ttlMs: number,
    replaces?: (standing: Lease) => boolean,
  ): Promise<Lease | undefined>;
  releaseLease(lease: Lease): Promise<void>;
}
