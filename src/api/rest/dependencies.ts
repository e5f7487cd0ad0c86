// SPDX-License-Identifier: Apache-2.0
// What the REST room needs from the rest of the house: its part of the configuration and the services that it fronts.
import type { Authenticator } from '../../auth/index.js';
import type { AuthItem } from '../../domain/index.js';
import type { InfrastructureManager } from '../../manager/manager.js';
import type { Health } from '../../observability/health.js';
import type { Metrics } from '../../observability/metrics.js';
import type { Logger } from '../../util/logger.js';
import type { DocumentScreen } from '../document-screen.js';
import type { OaiRepository } from '../oai-repository.js';
import type { ReadFile } from '../tls-files.js';
import type { CorsSettings } from './cors.js';

/** The options of the REST API (configuration.md §2.4). */
export interface RestSettings extends CorsSettings {
  readonly restAddress: string;
  readonly restPort: number;
  readonly restSsl: boolean;
  readonly restSslKeyfile: string;
  readonly restSslCertfile: string;
  readonly restSslCaCerts: string;
  readonly restRootPath: string;
  readonly restMaxBlockingCalls: number;
  /** Seconds; 0 or less: none. */
  readonly restBlockingCallTimeout: number;
  readonly maxConnections: number;
  readonly maxRequestBodyBytes: number;
  /** Requests per client and minute; 0: no limit. */
  readonly rateLimit: number;
  readonly trustedProxies: readonly string[];
  readonly metricsAllowed: 'loopback' | 'any' | 'none';
  /** Empty: none. */
  readonly staticFilesDir: string;
}

/** See the top of the file. */
export interface RestDependencies {
  readonly settings: RestSettings;
  readonly manager: InfrastructureManager;
  readonly authenticator: Pick<Authenticator, 'authenticate'>;
  /** Reads an Authorization header with what the configuration adds to Basic and Bearer; by the plain rules when absent. */
  readonly readAuthorization?: (header: string) => readonly AuthItem[];
  /** Reads large documents elsewhere before they are read here; without it they are read here at once. */
  readonly screen?: Pick<DocumentScreen, 'check'>;
  /** Absent when it is not configured. */
  readonly oai?: OaiRepository | undefined;
  readonly logger: Logger;
  readonly health: Pick<Health, 'liveness' | 'readiness'>;
  readonly metrics: Pick<Metrics, 'contentType' | 'render' | 'observeHttpRequest'>;
  readonly readFile: ReadFile;
  /** A new id for each request. */
  readonly requestId: () => string;
  /** A clock that never goes back, in milliseconds. */
  readonly monotonicMs: () => number;
}
