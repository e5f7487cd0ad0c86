// SPDX-License-Identifier: Apache-2.0
// What the operations room gets from the composition root.
import type { CloudConnector } from '../connectors/index.js';
import type { Contextualizer } from '../contextualization/index.js';
import type { AuthItem, CloudCredential, CloudReference } from '../domain/index.js';
import type { SystemDefaults } from '../radl/index.js';
import type { Store } from '../store/index.js';
import type { Logger } from '../util/logger.js';

/** The options that operations read. Times in milliseconds. */
export interface OperationSettings {
  readonly nodeName: string;
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

/** Numbers that the room reports. */
export interface OperationMetrics {
  operationFinished(kind: string, result: 'done' | 'failed' | 'cancelled', seconds: number): void;
}

/** Everything from outside. */
export interface OperationEnvironment {
  readonly store: Store;
  readonly connectors: ConnectorSource;
  /** Clouds among authorization items, with generated ids (auth.md §5). */
  readonly cloudsOf: (items: readonly AuthItem[]) => readonly CloudCredential[];
  readonly contextualizer: Contextualizer;
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
