// SPDX-License-Identifier: Apache-2.0
// The composition root: builds every room from the configuration, starts them in order and stops them gracefully.
import { randomInt, randomUUID } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { createDocumentScreen } from './api/document-screen.js';
import type { Listener } from './api/listener.js';
import { createOaiRepository } from './api/oaipmh/index.js';
import { createRestServer } from './api/rest/index.js';
import { createXmlRpcServer } from './api/xmlrpc/index.js';
import { type Authenticator, cloudsOf, createAuthenticator, createIdentity } from './auth/index.js';
import type { Config } from './config/config.js';
import { builtInConnectorTypes, type ConnectorType, createConnectorRegistry } from './connectors/index.js';
import { generateSshKeyPair } from './connectors/shared/keys.js';
import { createContextualizer, createTunnelKeys } from './contextualization/index.js';
import { errorText, ImError } from './domain/index.js';
import { createFetcher } from './fetch/index.js';
import { createInfrastructureTokens, createManager, createUpdatePlanner, type ToscaTools } from './manager/index.js';
import { createHealth } from './observability/health.js';
import type { Logging } from './observability/logging/logging.js';
import { createMetrics } from './observability/metrics.js';
import { redactWhole } from './observability/redaction.js';
import {
  describeInstance,
  hasEnded,
  instanceText,
  NodeClaim,
  OperationEngine,
  type OperationEnvironment,
  Refresher,
} from './operations/index.js';
import { type MaintenanceSettings, startMaintenance } from './operations/maintenance/index.js';
import {
  connectorSettings,
  contextualizationSettings,
  LAST_ANSWERS_MS,
  maintenanceSettings,
  managerSettings,
  operationSettings,
  VERSION,
} from './settings.js';
import { probeBanner } from './ssh/index.js';
import { openStore, type Store } from './store/index.js';
import { readShippedArtifacts, readShippedTypes, withShippedArtifacts } from './tosca/index.js';
import { sleep } from './util/deadline.js';

/** What a daemon is built from. */
export interface DaemonOptions {
  readonly config: Config;
  readonly logging: Logging;
  /** Where the program's own files are (`tosca/types`, `tosca/artifacts`). */
  readonly installDir: string;
  /** Replaces parts of the house; tests use it to stop the world around calls. */
  readonly decorate?: {
    readonly store?: (store: Store) => Store;
    readonly connectorTypes?: (types: readonly ConnectorType[]) => readonly ConnectorType[];
    readonly maintenance?: (settings: MaintenanceSettings) => MaintenanceSettings;
  };
}

/** A daemon that runs. */
export interface Daemon {
  /** Resolves when the daemon has to be stopped, with the reason: its name is another daemon's. */
  readonly failure: Promise<ImError>;
  /** Reads users and certificates again and reopens the logs (SIGHUP). */
  reload(): Promise<void>;
  /** Stops accepting, lets operations end or parks them, and closes everything. Losing nothing. */
  stop(): Promise<void>;
}

const RANDOM_CHARACTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

function randomText(length: number): string {
  return Array.from({ length }, () => RANDOM_CHARACTERS[randomInt(RANDOM_CHARACTERS.length)]).join('');
}

/**
 * Builds and starts a daemon: store and migrations, unfinished operations, then the APIs.
 * @throws ImError with one clear line when it cannot start; what was opened is closed again
 */
export async function startDaemon(options: DaemonOptions): Promise<Daemon> {
  const { config, logging } = options;
  const logger = logging.named('InfrastructureManager');
  if (!config.activateRest && !config.activateXmlrpc) {
    throw new ImError('bad-request', 'Both APIs are switched off: set ACTIVATE_REST or ACTIVATE_XMLRPC.');
  }
  const closers: (() => Promise<void>)[] = [];
  try {
    return await build(options, logger, closers);
  } catch (error) {
    for (const close of closers.reverse()) {
      await close().catch((failure: unknown) => logger.warn(`While giving up the start: ${errorText(failure)}`));
    }
    throw error;
  }
}

async function build(
  { config, logging, installDir, decorate }: DaemonOptions,
  logger: ReturnType<Logging['named']>,
  closers: (() => Promise<void>)[],
): Promise<Daemon> {
  const opened = await openStore({ url: config.dataDb, keyFile: config.secretsKeyFile, logger, now: Date.now });
  closers.push(() => opened.close());
  const store = decorate?.store?.(opened) ?? opened;
  await store.migrate();

  const metrics = createMetrics({
    version: VERSION,
    nodeVersion: process.version,
    withProcessMetrics: true,
    onSourceError: (metric, error) => logger.warn(`Metric ${metric} could not be counted: ${errorText(error)}`),
  });
  closers.push(async () => metrics.close());
  metrics.use({
    countVms: async () =>
      (await store.countVms()).map(({ cloudType, cloudState, count }) => ({ cloudType, state: cloudState, count })),
    countUnresolvedIntents: async () => (await store.listInfrastructuresWithResources(['intent'])).length,
  });

  const identity = createIdentity({ config, now: Date.now, logger });
  const types = decorate?.connectorTypes?.(builtInConnectorTypes) ?? builtInConnectorTypes;
  const connectors = createConnectorRegistry(
    {
      logger: logging.named('CloudConnector'),
      now: Date.now,
      randomText,
      settings: connectorSettings(config),
      resolveEgiImage: identity.egiImages.resolve,
    },
    types,
  );
  const fetcher = createFetcher({ allowedNets: config.fetchAllowedNets, mirrors: config.urlMirrors, now: Date.now });
  closers.push(() => fetcher.close());
  const contextualizer = createContextualizer({
    contentSource: fetcher,
    settings: contextualizationSettings(config),
    logger: logging.named('ConfManager'),
    now: Date.now,
  });
  const shippedTypes = readShippedTypes(join(installDir, 'tosca', 'types'), {
    preferRemote: config.toscaTypesRemoteFirst,
  });
  const tosca: ToscaTools = {
    types: shippedTypes,
    fetchText: withShippedArtifacts(
      (url, signal) => fetcher.fetchText(url, signal),
      readShippedArtifacts(join(installDir, 'tosca', 'artifacts')),
      config.toscaTypesRemoteFirst,
    ),
    allowedRepository: config.oaipmhRepoBaseIdentifierUrl,
  };
  const tunnelKeys = createTunnelKeys();
  const instance = instanceText(randomUUID(), hostname());
  const { leaseMs } = operationSettings(config);
  const claim = new NodeClaim({
    store,
    name: config.nodeName,
    ttlMs: leaseMs,
    instance,
    hasEnded,
    describe: describeInstance,
    logger,
  });
  closers.push(() => claim.close());
  const operations: OperationEnvironment = {
    store,
    claim,
    connectors,
    cloudsOf,
    contextualizer,
    tunnelKeys,
    planUpdate: createUpdatePlanner({
      store,
      connectors,
      cloudsOf,
      settings: managerSettings(config),
      tosca,
      now: Date.now,
      randomText,
      newId: randomUUID,
    }),
    settings: operationSettings(config),
    logger,
    metrics: {
      operationFinished: (kind, result, seconds) => metrics.observeOperation({ kind, result, seconds }),
    },
    now: Date.now,
    newId: randomUUID,
    randomText,
    newKeyPair: generateSshKeyPair,
  };
  const engine = new OperationEngine(operations);
  const refresher = new Refresher(operations, engine);
  closers.push(async () => {
    await engine.stop(config.shutdownGraceSeconds * 1000);
    await refresher.stop();
    await contextualizer.close();
  });
  const authenticator = createAuthenticator({
    ...identity,
    config,
    now: Date.now,
    logger,
    infrastructureTokens: createInfrastructureTokens(store),
    readFile: (path) => readFile(path, 'utf8'),
    stat: async (path) => {
      const { mtimeMs, size, ino } = await stat(path);
      return { modifiedMs: mtimeMs, size, inode: ino };
    },
  });
  const manager = createManager({
    store,
    engine,
    refresher,
    connectors,
    cloudsOf,
    authenticate: (items, signal) => authenticator.authenticate(items, signal),
    answersSsh: async (host, port, timeoutMs, signal) =>
      (await probeBanner({ host, port }, { timeoutMs, signal })).isOpen,
    tunnelKeys,
    settings: managerSettings(config),
    egiImages: identity.egiImages.list,
    logger,
    tosca,
    now: Date.now,
    randomText,
    newId: randomUUID,
    redact: redactWhole,
  });
  const health = createHealth({
    version: VERSION,
    monotonicNow: () => performance.now(),
    checks: [
      { name: 'database', run: () => store.ping() },
      { name: 'node name', run: () => claim.check() },
    ],
  });

  const screen = createDocumentScreen({ logger });
  closers.push(() => screen.close());
  const servers: Listener[] = [];
  const shared = {
    manager,
    authenticator,
    readAuthorization: identity.readHeader,
    logger,
    screen,
    health,
    metrics,
    readFile: (path: string) => readFile(path),
    requestId: randomUUID,
    monotonicMs: () => performance.now(),
  };
  if (config.activateRest) {
    const oai = createOaiRepository({
      settings: config,
      fetchText: (url) => fetcher.fetchText(url),
      now: Date.now,
      logger,
    });
    servers.push(createRestServer({ ...shared, settings: config, oai }));
  }
  if (config.activateXmlrpc) {
    servers.push(createXmlRpcServer({ ...shared, settings: config }));
  }
  logger.info(`************ Start Infrastructure Manager daemon (v.${VERSION}) ************`);
  await claim.begin();
  for (const server of servers) {
    await server.listen();
    closers.push(() => server.close(0));
  }
  await engine.start();
  const maintained = maintenanceSettings(config);
  const settings = decorate?.maintenance?.(maintained) ?? maintained;
  const maintenance = startMaintenance({ store, settings, holder: instance, logger, now: Date.now });
  return {
    failure: claim.refused,
    reload: () => reload(logging, authenticator, servers),
    stop: async () => {
      const graceMs = config.shutdownGraceSeconds * 1000;
      const drainMs = health.stopping() ? Math.min(config.shutdownDrainSeconds * 1000, graceMs) : 0;
      logger.info('Stopping Infrastructure Manager daemon...');
      const tidied = maintenance.stop();
      await sleep(drainMs);
      // Calls that wait for an operation hear at the end of the grace time that it is parked; only then are connections cut.
      const closing = servers.map((server) => server.close(graceMs - drainMs + LAST_ANSWERS_MS));
      await engine.stop(graceMs - drainMs);
      await Promise.all(closing);
      await refresher.stop();
      await contextualizer.close();
      await screen.close();
      await tidied;
      await claim.close();
      metrics.close();
      logger.info('Flushing data to DB...');
      await store.close();
      logger.info('************ Infrastructure Manager daemon stopped ************');
    },
  };
}

async function reload(logging: Logging, authenticator: Authenticator, servers: readonly Listener[]): Promise<void> {
  logging.reopen();
  authenticator.reload();
  for (const server of servers) {
    await server.reloadTls();
  }
}
