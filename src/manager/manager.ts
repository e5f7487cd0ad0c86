// SPDX-License-Identifier: Apache-2.0
// The use cases of the daemon as both APIs call them. Each one validates, authorizes, records or reads, and answers.

import type { CloudImage, Quotas } from '../connectors/index.js';
import type {
  AuthItem,
  ConfigurationFailure,
  JsonObject,
  OperationError,
  OperationKind,
  OperationState,
  VmState,
} from '../domain/index.js';
import type { Leftovers, SweepReport } from '../operations/maintenance/index.js';
import type { Features, Radl, RadlValue } from '../radl/index.js';
import type { DeploymentDocument } from './deployment-document.js';

export type { DeploymentDocument } from './deployment-document.js';

/** A request as it reached one of the APIs, before its credentials are checked. */
export interface Call {
  /** Authorization data of the call in its order, parsed but not checked. */
  readonly items: readonly AuthItem[];
  /** For logs. */
  readonly requestId: string;
  /** Base URL under which the client reached the service, without final slash; empty over XML-RPC. */
  readonly serviceUrl: string;
  /** Ends when the client has gone or the call's time limit is over. Reads stop; accepted operations go on. */
  readonly signal: AbortSignal;
  /** Present when the request may come again: create and add then do their work once. */
  readonly idempotency?: {
    readonly key: string;
    /** Hash of the whole request: the same key with another one is refused. */
    readonly fingerprint: string;
  };
}

/** State of an infrastructure and of its living VMs by number (core.md §4). */
export interface InfrastructureState {
  readonly state: VmState;
  readonly vmStates: ReadonlyMap<number, VmState>;
}

/** A state with its reasons. */
export interface ExplainedState extends InfrastructureState {
  /** Absent for `configured`. */
  readonly reason?: string;
  /** By VM number, for those that are not `configured`. */
  readonly vmReasons: ReadonlyMap<number, string>;
}

/** Value of a VM property: RADL values, or a `contains` group by item name. */
export type PropertyValue = RadlValue | ReadonlyMap<string, Features>;

/** Result of adding resources. */
export interface AddResult {
  /** Numbers of the new VMs, failed launches included. */
  readonly vmNumbers: readonly number[];
}

/** Which part of the list of infrastructures. */
export interface PageRequest {
  readonly filter?: string | undefined;
  readonly limit: number;
  /** Cursor out of the page before; absent: from the beginning. */
  readonly after?: string | undefined;
}

/** A part of the list of infrastructures. */
export interface ListPage {
  readonly ids: readonly string[];
  /** Cursor of the next page; absent on the last one. */
  readonly next?: string;
}

/** An entry of an infrastructure's journal. */
export interface OperationSummary {
  readonly id: string;
  readonly kind: OperationKind;
  readonly state: OperationState;
  /** User name. */
  readonly caller: string;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly startedAt?: number;
  readonly finishedAt?: number;
  readonly error?: OperationError;
  /** Its end was asked for and is on the way. */
  readonly isCancelling?: true;
}

/** An accepted document, without its text. */
export interface RevisionSummary {
  /** 1, 2, ... */
  readonly number: number;
  readonly kind: 'radl' | 'tosca';
  readonly operationId: string;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
}

/** An accepted document. */
export interface RevisionDocument extends RevisionSummary {
  readonly text: string;
}

/** What restoring a revision changes. */
export interface RestorePlan {
  /** VMs to launch, by system. */
  readonly added: ReadonlyMap<string, number>;
  /** Numbers of VMs to remove. */
  readonly removed: readonly number[];
  /** The machines that stay are configured again. */
  readonly isReconfigured: boolean;
}

/** Whether the machines of an infrastructure shall run. */
export type DesiredState = 'STARTED' | 'STOPPED';

/** What reaching a desired state changes. */
export interface DesiredStatePlan {
  /** Numbers of the VMs to start or to stop. */
  readonly changed: readonly number[];
  /** Those that are there already, or cannot be switched because they were never launched. */
  readonly unchanged: readonly number[];
  /** Absent when there is nothing to do, and in a dry run. */
  readonly operationId?: string;
}

/** Something that happened, for those who follow. */
export interface ManagerEvent {
  /** Where to go on after this event, as Last-Event-ID. */
  readonly id: string;
  readonly name: 'state' | 'operation' | 'log' | 'infrastructure' | 'deleted';
  readonly data: JsonObject;
}

/** The failure report of an infrastructure. */
export interface FailureReport {
  readonly state: VmState;
  /** The last configuration; absent when there was none. */
  readonly configuration?: OperationSummary;
  readonly failures: readonly ConfigurationFailure[];
  /** Failures that are not listed because there are too many. */
  readonly leftOut: number;
}

/** One row of the statistics (rest-api.md §9.20). */
export type StatsRow = Readonly<Record<string, string | number | boolean>>;

/**
 * The use cases. Every method checks in the order of rest-api.md §5.6 (BOOT_MODE, credentials, infrastructure, owner, VM) and fails with an
 * ImError whose `code` says which check failed and whose `message` carries no API prefix.
 */
export interface InfrastructureManager {
  /** `N.N.N` */
  version(): string;

  /** Ids, newest first. `filter`: regular expression searched in the RADL and TOSCA texts. */
  listInfrastructures(call: Call, filter?: string): Promise<readonly string[]>;
  /** The same list, page by page. */
  listInfrastructurePage(call: Call, request: PageRequest): Promise<ListPage>;
  /** Creates and launches. Synchronous: resolves when the launch ended; asynchronous: when the operation is durable. */
  createInfrastructure(
    call: Call,
    document: DeploymentDocument,
    options: { readonly isAsync: boolean },
  ): Promise<{ readonly infrastructureId: string }>;
  /** Living VM numbers in order. */
  listVms(call: Call, infrastructureId: string): Promise<readonly number[]>;
  infrastructureState(call: Call, infrastructureId: string): Promise<InfrastructureState>;
  /** As infrastructureState, with the reason of each state that needs one. */
  explainedState(call: Call, infrastructureId: string): Promise<ExplainedState>;
  /** Document of the infrastructure as shown to users (no internal systems). */
  infrastructureRadl(call: Call, infrastructureId: string): Promise<Radl>;
  /** TOSCA document of the infrastructure as YAML text. */
  infrastructureTosca(call: Call, infrastructureId: string): Promise<string>;
  /** Outputs of its TOSCA document by name. */
  infrastructureOutputs(call: Call, infrastructureId: string): Promise<JsonObject>;
  /** Contextualization log (core.md §15). */
  infrastructureContMsg(call: Call, infrastructureId: string, isHeaderOnly: boolean): Promise<string>;
  /** What is not as asked for, and why: machines that the provider refused and the last configuration (docs/operations.md). */
  infrastructureFailures(call: Call, infrastructureId: string): Promise<FailureReport>;
  /** The same with document, states, operations and logs, without secrets: for whoever is asked for help. */
  failureBundle(call: Call, infrastructureId: string): Promise<JsonObject>;
  /** Its newest operations first. */
  listOperations(call: Call, infrastructureId: string, limit: number): Promise<readonly OperationSummary[]>;
  getOperation(call: Call, infrastructureId: string, operationId: string): Promise<OperationSummary>;
  /** Resolves when the operation has ended. @throws ImError `incorrect-state` when it cannot be cancelled */
  cancelOperation(call: Call, infrastructureId: string, operationId: string): Promise<OperationSummary>;
  /** Accepted documents, the newest first. */
  listRevisions(call: Call, infrastructureId: string): Promise<readonly RevisionSummary[]>;
  getRevision(call: Call, infrastructureId: string, number: number): Promise<RevisionDocument>;
  /** Makes the infrastructure what it was asked to be at a revision. Waits for the launch. */
  restoreRevision(
    call: Call,
    infrastructureId: string,
    number: number,
    options: { readonly isDryRun: boolean; readonly isContextualized: boolean },
  ): Promise<RestorePlan>;
  /** Starts or stops what does not run or runs. Asynchronous: resolves when the operation is durable. */
  setDesiredState(
    call: Call,
    infrastructureId: string,
    desiredState: DesiredState,
    options: { readonly isDryRun: boolean; readonly isAsync: boolean },
  ): Promise<DesiredStatePlan>;
  /**
   * What happens to an infrastructure, at least once each; ends with `deleted`, or when the call is over.
   * @param after id of the last event that the client has; unreadable ones count as none
   */
  followInfrastructure(
    call: Call,
    infrastructureId: string,
    after: string | undefined,
  ): Promise<AsyncIterable<ManagerEvent>>;
  /** Which infrastructures of the caller change, and to what state. */
  followInfrastructures(call: Call, after: string | undefined): Promise<AsyncIterable<ManagerEvent>>;
  addResources(
    call: Call,
    infrastructureId: string,
    document: DeploymentDocument,
    options: { readonly isContextualized: boolean },
  ): Promise<AddResult>;
  /** Takes a machine that a cloud of the call has already into the infrastructure. @returns number of the new VM */
  adoptVm(
    call: Call,
    infrastructureId: string,
    machine: { readonly cloudId: string; readonly providerId: string; readonly systemName: string },
  ): Promise<number>;
  /** @returns how many VMs were removed. `vmIds` as sent: numbers or texts, checked here (core.md §17). */
  removeResources(
    call: Call,
    infrastructureId: string,
    vmIds: readonly (string | number)[],
    options: { readonly isContextualized: boolean },
  ): Promise<number>;
  destroyInfrastructure(
    call: Call,
    infrastructureId: string,
    options: { readonly isForced: boolean; readonly isAsync: boolean },
  ): Promise<void>;
  startInfrastructure(call: Call, infrastructureId: string): Promise<void>;
  stopInfrastructure(call: Call, infrastructureId: string): Promise<void>;
  /** Starts a configuration in the background. `document` may be empty. */
  reconfigure(
    call: Call,
    infrastructureId: string,
    document: DeploymentDocument,
    vmList?: readonly number[],
  ): Promise<void>;

  /** Live document of a VM: networks and its system. `vmId` as sent. */
  vmInfo(call: Call, infrastructureId: string, vmId: string | number): Promise<Radl>;
  /** undefined: the VM has no such property. */
  vmProperty(
    call: Call,
    infrastructureId: string,
    vmId: string | number,
    property: string,
  ): Promise<PropertyValue | undefined>;
  /**
   * What a machine without reachable SSH runs: step 1 the script that asks for step 2, step 2 the command that opens a tunnel, `wait`,
   * or `true` when there is nothing to do (rest-api.md §9.15). undefined: there is no such step.
   */
  vmCommand(call: Call, infrastructureId: string, vmId: string | number, step: number): Promise<string | undefined>;
  vmContMsg(call: Call, infrastructureId: string, vmId: string | number): Promise<string>;
  /** Whole live document after the change (core.md §16). */
  alterVm(call: Call, infrastructureId: string, vmId: string | number, document: DeploymentDocument): Promise<Radl>;
  startVm(call: Call, infrastructureId: string, vmId: string | number): Promise<void>;
  stopVm(call: Call, infrastructureId: string, vmId: string | number): Promise<void>;
  rebootVm(call: Call, infrastructureId: string, vmId: string | number): Promise<void>;
  /** URL of the new image. */
  createSnapshot(
    call: Call,
    infrastructureId: string,
    vmId: string | number,
    disk: number,
    imageName: string,
    isAutoDelete: boolean,
  ): Promise<string>;

  /** User names of the owners in order. */
  owners(call: Call, infrastructureId: string): Promise<readonly string[]>;
  changeOwners(
    call: Call,
    infrastructureId: string,
    newItems: readonly AuthItem[],
    options: { readonly isOverwrite: boolean },
  ): Promise<void>;
  /** JSON text of the whole record (persistence.md §5). */
  exportInfrastructure(call: Call, infrastructureId: string, options: { readonly isDeleted: boolean }): Promise<string>;
  importInfrastructure(call: Call, text: string): Promise<{ readonly infrastructureId: string }>;

  /** For administrators: what may still exist at providers, by the ledger. */
  leftovers(call: Call): Promise<readonly Leftovers[]>;
  /** For administrators: asks the clouds of the call for machines that nobody works with. @param deleted provider ids of those to delete */
  sweepLeftovers(call: Call, deleted: readonly string[]): Promise<SweepReport>;

  cloudImages(call: Call, cloudId: string, filters: Readonly<Record<string, string>>): Promise<readonly CloudImage[]>;
  cloudQuotas(call: Call, cloudId: string): Promise<Quotas>;
  /** What a document would use, by cloud id (core.md §21.1). Nothing is created. */
  estimate(call: Call, document: DeploymentDocument): Promise<JsonObject>;
  /** Dates as `YYYY-MM-DD`, inclusive; absent = unbounded. */
  stats(call: Call, range: { readonly from?: string; readonly to?: string }): Promise<readonly StatsRow[]>;
}
