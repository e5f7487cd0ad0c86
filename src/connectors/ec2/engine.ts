// SPDX-License-Identifier: Apache-2.0
// What every part of the EC2 connector works with: the cloud, its services, and what outlives a connector.
import type { EC2 } from '@aws-sdk/client-ec2';
import type { CloudCredential } from '../../domain/index.js';
import { createKeyedSemaphore, type KeyedSemaphore } from '../../util/keyed-semaphore.js';
import type { ConnectorEnvironment } from '../connector.js';
import { type AwsClients, type AwsService, createAwsClients } from './client.js';
import { type Ec2Account, ec2Account } from './credentials.js';
import { createExpiringCache, type ExpiringCache } from './expiring-cache.js';
import type { InstanceType } from './instance-types.js';

/** EC2 in one region. */
export type Ec2 = AwsService<EC2>;

/** Tasks of one connector call that run beside each other. */
export const CONCURRENCY = 8;

/** AWS shows what was made at the latest after this time. */
export const CONSISTENCY_WINDOW_MS = 60_000;

const CLIENTS_KEPT_MS = 10 * 60_000;
const TYPES_KEPT_MS = 24 * 3600_000;
const REMEMBERED_CALLS_MS = 2 * CONSISTENCY_WINDOW_MS;

/** What outlives a connector, which serves one call. */
export interface SharedState {
  readonly clients: ExpiringCache<AwsClients>;
  readonly instanceTypes: ExpiringCache<Promise<readonly InstanceType[]>>;
  /** When the create call of a launch token was last sent by this process. */
  readonly sent: ExpiringCache<number>;
  /** One at a time per thing that is made once. */
  readonly creation: KeyedSemaphore;
}

/** Makes it, once per process. */
export function createSharedState(): SharedState {
  return {
    clients: createExpiringCache(CLIENTS_KEPT_MS, 100),
    instanceTypes: createExpiringCache(TYPES_KEPT_MS, 100),
    sent: createExpiringCache(REMEMBERED_CALLS_MS, 100_000),
    creation: createKeyedSemaphore(1),
  };
}

/** One cloud of one call. */
export interface Engine {
  readonly cloud: CloudCredential;
  readonly account: Ec2Account;
  readonly environment: ConnectorEnvironment;
  readonly shared: SharedState;
  readonly clients: AwsClients;
}

/** @throws ImError `bad-request` when the credential lacks a key */
export function createEngine(cloud: CloudCredential, environment: ConnectorEnvironment, shared: SharedState): Engine {
  const account = ec2Account(cloud, environment.settings.verifySsl);
  const now = environment.now();
  const known = shared.clients.get(account.key, now);
  const clients = known ?? createAwsClients(account);
  shared.clients.set(account.key, clients, now);
  return { cloud, account, environment, shared, clients };
}
