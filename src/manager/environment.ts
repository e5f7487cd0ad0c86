// SPDX-License-Identifier: Apache-2.0
// What the use cases get from the composition root.
import type { CloudImage } from '../connectors/index.js';
import type { TunnelKeys } from '../contextualization/index.js';
import type { AuthItem, Caller } from '../domain/index.js';
import type { ConnectorSource, OperationEngine, Refresher } from '../operations/index.js';
import type { SystemDefaults } from '../radl/index.js';
import type { Store } from '../store/index.js';
import type { ShippedTypes } from '../tosca/index.js';
import type { Logger } from '../util/logger.js';

/** BOOT_MODE: 0 normal, 1 read only, 2 read and delete (core.md §5.3). */
export type BootMode = 0 | 1 | 2;

/** The options that use cases read. */
export interface ManagerSettings {
  readonly version: string;
  readonly bootMode: BootMode;
  /** Virtual machines that one request may deploy (MAX_VMS_PER_REQUEST). */
  readonly maxVmsPerRequest: number;
  readonly vmInfoUpdateErrorGracePeriodMs: number;
  readonly systemDefaults: SystemDefaults;
  /** MASK_VM_CREDENTIALS: nobody is shown how to enter the machines. */
  readonly masksVmCredentials: boolean;
  /** SERVICE_URL without final slash; empty: machines are told the URL of the request. */
  readonly serviceUrl: string;
  /** Present in single-site mode: the site's image that a requested URL stands for. */
  readonly imageUrlOnSite?: (imageUrl: string) => string;
}

/** What reading TOSCA documents needs. */
export interface ToscaTools {
  readonly types: ShippedTypes;
  /** Text behind a URL, through the guarded fetcher. */
  readonly fetchText: (url: string, signal: AbortSignal) => Promise<string>;
  /** OAIPMH_REPO_BASE_IDENTIFIER_URL: where templates must come from; empty: anywhere. */
  readonly allowedRepository: string;
}

/** Everything from outside. */
export interface ManagerEnvironment {
  readonly store: Store;
  readonly engine: OperationEngine;
  readonly refresher: Refresher;
  readonly connectors: ConnectorSource;
  readonly cloudsOf: (items: readonly AuthItem[]) => Caller['clouds'];
  /** Checks the InfrastructureManager items of a call. @throws ImError `invalid-credentials` or `bad-request` */
  readonly authenticate: (items: readonly AuthItem[], signal: AbortSignal) => Promise<Caller>;
  /** Does an SSH server answer there within the time? */
  readonly answersSsh: (host: string, port: number, timeoutMs: number, signal: AbortSignal) => Promise<boolean>;
  /** Lets machines open their tunnels to masters. */
  readonly tunnelKeys: TunnelKeys;
  readonly settings: ManagerSettings;
  /** Images that the EGI information service knows. @throws ImError `provider` */
  readonly egiImages: (filters: Readonly<Record<string, string>>) => Promise<readonly CloudImage[]>;
  readonly logger: Logger;
  readonly tosca: ToscaTools;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Cryptographically random letters and digits. */
  readonly randomText: (length: number) => string;
  readonly newId: () => string;
  /** Hides what is secret in running text of any length. */
  readonly redact: (text: string) => string;
}
