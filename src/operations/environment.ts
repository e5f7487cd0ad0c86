// SPDX-License-Identifier: Apache-2.0
// What the operations room gets from the composition root.
import type { CloudConnector } from '../connectors/index.js';
import type { Contextualizer, TunnelKeys } from '../contextualization/index.js';
import type {
  AuthItem,
  CloudCredential,
  CloudReference,
  Infrastructure,
  JsonObject,
  Operation,
} from '../domain/index.js';
import type { SystemDefaults } from '../radl/index.js';
import type { Change, Store } from '../store/index.js';
import type { Logger } from '../util/logger.js';
import type { NodeClaim } from './node-claim.js';

/** The options that operations read. Times in milliseconds. */
export interface OperationSettings {
  readonly leaseMs: number;
  /** Connector calls of all operations at once that launch, delete or switch VMs. */
  readonly maxSimultaneousLaunches: number;
  /** The same per cloud; 0 = no limit of its own. */
  readonly maxSimultaneousLaunchesPerCloud: number;
  readonly maxVmFails: number;
  readonly delayBetweenVmRetriesMs: number;
  readonly vmInfoUpdateFrequencyMs: number;
  readonly vmInfoUpdateErrorGracePeriodMs: number;
  readonly systemDefaults: SystemDefaults;
  readonly defaultVmName: string;
  readonly defaultDomain: string;
  /** Machines without public network get what they need to call home. */
  readonly sshReverseTunnels: boolean;
}

/** The clouds of a call, and the connectors to them. */
export interface ConnectorSource {
  /** A connector for a credential. @throws ImError when the type is unknown or the item lacks something */
  connect(cloud: CloudCredential): CloudConnector;
  /** Are machines of this cloud type the user's own? */
  hasExistingHosts(type: string): boolean;
  /** The credential of a call that serves a stored VM (auth.md §7). */
  selectCredential(reference: CloudReference, clouds: readonly CloudCredential[]): CloudCredential | undefined;
}

/** What an update comes to once it is its turn. */
export interface UpdatePlan {
  /** What becomes true together with the plan, the new document and its revision, given the infrastructure's present free map. */
  readonly changes: (extra: JsonObject) => readonly Change[];
  /** Living VMs that go. */
  readonly removed: readonly number[];
  /** How many VMs the document wants gone; fewer that really go are an error unless something is added. */
  readonly unwanted: readonly number[];
  /** Request of the launch, as of an add; without deploys it only takes the document over. */
  readonly launch: JsonObject;
  readonly hasAdditions: boolean;
  /** Request of the reconfiguration that follows when nothing is added; absent: none. */
  readonly reconfigure?: JsonObject;
  /** Further fields of the operation's result. */
  readonly result?: JsonObject;
}

/**
 * Compares what an update or a restoration asks for with what there is. Called under the infrastructure's lease, when everything that was accepted
 * before has ended, so that the answer stays true until it is carried out.
 * @throws ImError when the document is wrong together with the stored one
 */
export type PlanUpdate = (
  operation: Operation,
  infrastructure: Infrastructure,
  signal: AbortSignal,
) => Promise<UpdatePlan>;

/** Numbers that the room reports. */
export interface OperationMetrics {
  operationFinished(kind: string, result: 'done' | 'failed' | 'cancelled', seconds: number): void;
}

/** Everything from outside. */
export interface OperationEnvironment {
  readonly store: Store;
  /** The name under which leases are taken; nothing is begun while it is another daemon's. */
  readonly claim: NodeClaim;
  readonly connectors: ConnectorSource;
  /** Clouds among authorization items, with generated ids (auth.md §5). */
  readonly cloudsOf: (items: readonly AuthItem[]) => readonly CloudCredential[];
  readonly contextualizer: Contextualizer;
  /** Takes away what machines were allowed for their tunnels. */
  readonly tunnelKeys: Pick<TunnelKeys, 'revoke'>;
  readonly planUpdate: PlanUpdate;
  readonly settings: OperationSettings;
  readonly logger: Logger;
  readonly metrics: OperationMetrics;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Fresh random UUID. */
  readonly newId: () => string;
  /** Cryptographically random letters and digits. */
  readonly randomText: (length: number) => string;
  /** New RSA key pair for an infrastructure's Ansible master. */
  readonly newKeyPair: () => Promise<{ readonly privateKey: string; readonly publicKey: string }>;
}
