// SPDX-License-Identifier: Apache-2.0
// What the XML-RPC room needs from the rest of the house.
import type { InfrastructureManager } from '../../manager/manager.js';
import type { Metrics } from '../../observability/metrics.js';
import type { Logger } from '../../util/logger.js';
import type { DocumentScreen } from '../document-screen.js';
import type { ReadFile } from '../tls-files.js';

/** The options of the XML-RPC API (configuration.md §2.5). */
export interface XmlRpcSettings {
  readonly xmlrpcAddress: string;
  readonly xmlrpcPort: number;
  readonly xmlrpcSsl: boolean;
  readonly xmlrpcSslKeyfile: string;
  readonly xmlrpcSslCertfile: string;
  readonly xmlrpcSslCaCerts: string;
  readonly vmInfoJson: boolean;
  readonly maxConnections: number;
  readonly maxRequestBodyBytes: number;
  /** Requests per client and minute; 0: no limit. */
  readonly rateLimit: number;
  readonly trustedProxies: readonly string[];
}

/** See the top of the file. */
export interface XmlRpcDependencies {
  readonly settings: XmlRpcSettings;
  readonly manager: InfrastructureManager;
  readonly logger: Logger;
  /** Reads large documents elsewhere before they are read here; without it they are read here at once. */
  readonly screen?: Pick<DocumentScreen, 'check'>;
  readonly metrics: Pick<Metrics, 'observeHttpRequest'>;
  readonly readFile: ReadFile;
  /** A new id for each request. */
  readonly requestId: () => string;
  /** A clock that never goes back, in milliseconds. */
  readonly monotonicMs: () => number;
}
