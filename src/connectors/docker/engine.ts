// SPDX-License-Identifier: Apache-2.0
// What the parts of the Docker connector share: the engine, and the environment they work in.
import type { CloudCredential } from '../../domain/index.js';
import type { KeyedSemaphore } from '../../util/keyed-semaphore.js';
import type { ConnectorEnvironment } from '../connector.js';
import type { PublicAddress } from './addresses.js';
import type { DockerClient } from './client.js';
import type { EngineInfo } from './views.js';

/** An engine and how to work with it. */
export interface Engine {
  readonly cloud: CloudCredential;
  readonly environment: ConnectorEnvironment;
  readonly client: DockerClient;
  /** How texts call it; also the key of its locks. */
  readonly name: string;
  /** Held while something with a shared name is looked up and created, since the engine allows several networks of one name. */
  readonly creation: KeyedSemaphore;
  readonly publicAddress: PublicAddress;
  /** Asked once per connector. */
  info(signal: AbortSignal): Promise<EngineInfo>;
}

/** VMs that one launch or one observation works on at the same time. */
export const CONCURRENCY = 8;

/** Limit for removing what a failed or cancelled launch made; such work must go on when the launch itself is called off. */
export const CLEANUP_TIMEOUT_MS = 60_000;

/** Infrastructure ids and tokens as parts of engine names; the engine takes letters, digits, `_`, `.` and `-`. */
export function engineName(prefix: string, text: string): string {
  return `${prefix}${text.replace(/[^A-Za-z0-9_.-]/g, '-')}`;
}
