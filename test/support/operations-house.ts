// SPDX-License-Identifier: Apache-2.0
// A house for tests from the use cases down: real store on a temporary SQLite file, clouds in memory, configuration by a double.
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cloudsOf, createAuthenticator } from '../../src/auth/index.js';
import type { ConnectorType } from '../../src/connectors/connector.js';
import { createConnectorRegistry } from '../../src/connectors/registry.js';
import { type Contextualizer, createTunnelKeys, type TunnelKeys } from '../../src/contextualization/index.js';
import {
  type Call,
  createInfrastructureTokens,
  createManager,
  createUpdatePlanner,
  type InfrastructureManager,
  type ManagerEnvironment,
} from '../../src/manager/index.js';
import { redactWhole } from '../../src/observability/redaction.js';
import {
  NodeClaim,
  OperationEngine,
  type OperationEnvironment,
  type OperationSettings,
  Refresher,
} from '../../src/operations/index.js';
import { openStore, type Store } from '../../src/store/index.js';
import { readShippedTypes } from '../../src/tosca/index.js';
import { type Logger, silentLogger } from '../../src/util/logger.js';
import { connectorEnvironment } from '../connectors/support.js';

/** Settings that tests change. */
export interface HouseOptions {
  readonly types: readonly ConnectorType[];
  readonly directory?: string;
  readonly contextualizer?: Contextualizer;
  readonly settings?: Partial<OperationSettings>;
  /** NODE_NAME. */
  readonly nodeName?: string;
  /** Runs of daemons that are known to have ended, by what {@link House.instance} says. */
  readonly hasEnded?: (instance: string) => boolean;
  readonly bootMode?: 0 | 1 | 2;
  readonly masksVmCredentials?: boolean;
  /** SERVICE_URL. */
  readonly serviceUrl?: string;
  /** Does the master answer, as the use cases see it? Default: no. */
  readonly answersSsh?: ManagerEnvironment['answersSsh'];
  /** Default: the real ones. */
  readonly tunnelKeys?: TunnelKeys;
  /** Clock of use cases and operations; default: the real one. */
  readonly now?: () => number;
  /** Default: silent. */
  readonly logger?: Logger;
  readonly decorateStore?: (store: Store) => Store;
}

/** A running house. */
export interface House {
  readonly manager: InfrastructureManager;
  readonly engine: OperationEngine;
  readonly store: Store;
  readonly directory: string;
  /** This run of the daemon, unlike any other. */
  readonly instance: string;
  readonly claim: NodeClaim;
  /** Stops it as SIGTERM does; the directory stays. */
  stop(): Promise<void>;
}

/** A configuration that succeeds at once on every VM. */
export const instantContextualizer: Contextualizer = {
  run: async ({ ports }) => {
    await ports.logInfrastructure('Configured by the double.');
    for (const { number } of await ports.vms()) {
      await ports.setVmResult(number, true);
    }
    return { isInfrastructureConfigured: true };
  },
  killRemote: async () => undefined,
  close: async () => undefined,
};

const SYSTEM_DEFAULTS = { cpus: 1, memory: 512, memoryUnit: 'M', arch: 'x86_64' };

/** Starts a house, on the directory of an earlier one when given. */
export async function startHouse(options: HouseOptions): Promise<House> {
  const logger = options.logger ?? silentLogger;
  const now = options.now ?? Date.now;
  const directory = options.directory ?? (await mkdtemp(join(tmpdir(), 'im-test-')));
  const opened = await openStore({
    url: `sqlite://${join(directory, 'inf.dat')}`,
    logger,
    now: Date.now,
  });
  const store = options.decorateStore?.(opened) ?? opened;
  await store.migrate();
  const randomText = (length: number): string => randomUUID().replaceAll('-', '').slice(0, length);
  const connectors = createConnectorRegistry(
    { ...connectorEnvironment({ vmTagUsername: '', vmTagInfId: '' }, logger), randomText },
    options.types,
  );
  const tosca: ManagerEnvironment['tosca'] = {
    types: readShippedTypes('tosca/types'),
    fetchText: async (url) => {
      throw new Error(`${url} is not fetched in tests`);
    },
    allowedRepository: '',
  };
  const managerSettings: ManagerEnvironment['settings'] = {
    version: '3.0.0',
    bootMode: options.bootMode ?? 0,
    maxVmsPerRequest: 1000,
    vmInfoUpdateErrorGracePeriodMs: 120_000,
    systemDefaults: SYSTEM_DEFAULTS,
    masksVmCredentials: options.masksVmCredentials ?? false,
    serviceUrl: options.serviceUrl ?? '',
  };
  const tunnelKeys = options.tunnelKeys ?? createTunnelKeys();
  const settings: OperationSettings = {
    leaseMs: 30_000,
    maxSimultaneousLaunches: 5,
    maxSimultaneousLaunchesPerCloud: 0,
    maxVmFails: 3,
    delayBetweenVmRetriesMs: 0,
    vmInfoUpdateFrequencyMs: 0,
    vmInfoUpdateErrorGracePeriodMs: 120_000,
    systemDefaults: SYSTEM_DEFAULTS,
    defaultVmName: 'vnode-#N#',
    defaultDomain: 'localdomain',
    sshReverseTunnels: true,
    ...options.settings,
  };
  const instance = randomUUID();
  const claim = new NodeClaim({
    store,
    name: options.nodeName ?? 'test',
    ttlMs: settings.leaseMs,
    instance,
    hasEnded: options.hasEnded ?? (() => false),
    describe: (other) => `run ${other}`,
    logger,
  });
  const environment: OperationEnvironment = {
    store,
    claim,
    connectors,
    cloudsOf,
    contextualizer: options.contextualizer ?? instantContextualizer,
    tunnelKeys,
    planUpdate: createUpdatePlanner({
      store,
      connectors,
      cloudsOf,
      settings: managerSettings,
      tosca,
      now,
      randomText,
      newId: randomUUID,
    }),
    settings,
    logger,
    metrics: { operationFinished: () => undefined },
    now,
    newId: randomUUID,
    randomText,
    newKeyPair: async () => ({
      privateKey: generateKeyPairSync('rsa', { modulusLength: 2048 })
        .privateKey.export({ type: 'pkcs1', format: 'pem' })
        .toString(),
      publicKey: 'ssh-rsa test',
    }),
  };
  const engine = new OperationEngine(environment);
  const refresher = new Refresher(environment, engine);
  const authenticator = createAuthenticator({
    config: { userDb: '', adminUsers: [{ username: 'root', password: 'root' }], forceOidcAuth: false, oidcIssuers: [] },
    now: Date.now,
    logger,
    readFile: async () => '',
    stat: async () => ({ modifiedMs: 0, size: 0, inode: 0 }),
    infrastructureTokens: createInfrastructureTokens(store),
  });
  const managerEnvironment: ManagerEnvironment = {
    store,
    engine,
    refresher,
    connectors,
    cloudsOf,
    authenticate: (items) => authenticator.authenticate(items),
    answersSsh: options.answersSsh ?? (async () => false),
    tunnelKeys,
    egiImages: async (filters) => [{ uri: 'ost://site.example/1', name: JSON.stringify(filters), vo: 'v' }],
    settings: managerSettings,
    logger,
    tosca,
    redact: redactWhole,
    now,
    randomText,
    newId: randomUUID,
  };
  await claim.begin();
  await engine.start();
  return {
    manager: createManager(managerEnvironment),
    engine,
    store,
    directory,
    instance,
    claim,
    stop: async () => {
      await engine.stop(2000);
      await refresher.stop();
      await claim.close();
      await store.close();
    },
  };
}

/** Stops a house and removes its files. */
export async function demolish(house: House): Promise<void> {
  await house.stop();
  await rm(house.directory, { recursive: true, force: true });
}

/** A call of a user with a cloud in memory. */
export function callOf(
  username = 'ana',
  clouds: readonly Readonly<Record<string, string>>[] = [{ id: 'mem', type: 'Memory' }],
): Call {
  return {
    items: [{ type: 'InfrastructureManager', username, password: `${username}-pass` }, ...clouds],
    requestId: 'test',
    serviceUrl: 'http://127.0.0.1:8800',
    signal: new AbortController().signal,
  };
}
