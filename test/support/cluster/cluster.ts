// SPDX-License-Identifier: Apache-2.0
// Several real daemons on one real database behind the real HAProxy, each with its own way to the database.
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStore, type Store } from '../../../src/store/index.js';
import { silentLogger } from '../../../src/util/logger.js';
import { daemonBundle } from '../daemon-bundle.js';
import { freePort } from '../databases/private-server.js';
import { until } from '../waiting.js';
import { type ClusterDatabase, type ClusterServer, startClusterDatabase } from './cluster-database.js';
import { type HaProxy, startHaProxy } from './haproxy.js';
import { type Network, startNetwork } from './network.js';
import { RecordingCloud } from './recording-cloud.js';

const DAEMON = daemonBundle('test/support/cluster/cluster-daemon.ts', 'cluster-daemon');
const DATABASE = 'im';
const START_MS = 60_000;

/** What a cluster is made of. */
export interface ClusterOptions {
  readonly database: ClusterDatabase;
  readonly daemons: number;
  readonly cloud?: RecordingCloud;
  /** Options of im.cfg that differ. */
  readonly options?: Readonly<Record<string, string | number>>;
}

/** One of the daemons. */
export class ClusterNode {
  #process: ChildProcess | undefined;
  #output = '';
  isPaused = false;

  constructor(
    readonly name: string,
    readonly directory: string,
    readonly restPort: number,
    readonly xmlrpcPort: number,
    readonly network: Network,
    readonly environment: Readonly<Record<string, string>>,
  ) {}

  get url(): string {
    return `http://127.0.0.1:${this.restPort}`;
  }

  /** What reports call it. */
  get label(): string {
    return this.environment.CLUSTER_LABEL ?? this.name;
  }

  get isRunning(): boolean {
    const child = this.#process;
    return child !== undefined && child.exitCode === null && child.signalCode === null;
  }

  /** How often it has said that it was told to end. */
  get exits(): number {
    return this.#output.split('received. Exiting...').length - 1;
  }

  /** Undefined while it runs; null when it was killed. */
  get exitCode(): number | null | undefined {
    return this.isRunning ? undefined : this.#process?.exitCode;
  }

  get output(): string {
    return this.#output;
  }

  log(): string {
    const file = join(this.directory, 'im.log');
    return existsSync(file) ? readFileSync(file, 'utf8') : '';
  }

  /** Changes options; they count from the next start. */
  async configure(options: Readonly<Record<string, string | number>>): Promise<void> {
    await writeFile(join(this.directory, 'im.cfg'), configuration(options), { flag: 'a' });
  }

  /** Starts the process; it may take a while to answer. */
  launch(): void {
    const child = spawn(process.execPath, [DAEMON.file], {
      env: { ...process.env, IM_CFG: join(this.directory, 'im.cfg'), ...this.environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#process = child;
    this.isPaused = false;
    // Also where the test run ends without its hooks.
    const atExit = (): void => {
      child.kill('SIGKILL');
    };
    process.on('exit', atExit);
    child.once('exit', () => process.off('exit', atExit));
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8');
      stream.on('data', (text: string) => {
        this.#output = (this.#output + text).slice(-20_000);
      });
    }
  }

  /** Starts the process and waits until it is ready. */
  async start(): Promise<void> {
    this.launch();
    await this.untilReady();
  }

  async untilReady(): Promise<void> {
    await until(
      async () => {
        if (!this.isRunning) throw new Error(`${this.name} ended: ${this.#output}`);
        return this.isReady();
      },
      `${this.name} to be ready`,
      START_MS,
    );
  }

  async isReady(): Promise<boolean> {
    try {
      const response = await fetch(`${this.url}/ready`, { signal: AbortSignal.timeout(3000) });
      await response.arrayBuffer();
      return response.status === 200;
    } catch {
      return false;
    }
  }

  pause(): void {
    this.#process?.kill('SIGSTOP');
    this.isPaused = true;
  }

  wake(): void {
    this.#process?.kill('SIGCONT');
    this.isPaused = false;
  }

  /** Ends the process. @returns its exit code; null when it was killed */
  async stop(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null> {
    const child = this.#process;
    if (child === undefined || !this.isRunning) return null;
    const ended = once(child, 'exit');
    child.kill(signal);
    if (this.isPaused) this.wake();
    await ended;
    return child.exitCode;
  }
}

const configuration = (options: Readonly<Record<string, string | number>>): string =>
  Object.entries(options)
    .map(([key, value]) => `${key} = ${value}\n`)
    .join('');

/** The whole set-up. */
export class Cluster {
  readonly #twins: ClusterNode[] = [];

  private constructor(
    readonly directory: string,
    readonly server: ClusterServer,
    readonly cloud: RecordingCloud,
    readonly nodes: readonly ClusterNode[],
    readonly proxy: HaProxy,
    readonly store: Store,
  ) {}

  /** Starts everything and waits until the proxy sees all daemons. */
  static async start({
    database,
    daemons,
    cloud = new RecordingCloud(),
    options = {},
  }: ClusterOptions): Promise<Cluster> {
    await DAEMON.make();
    const directory = await mkdtemp(join(tmpdir(), 'im-cluster-'));
    const server = await startClusterDatabase(database);
    const keyFile = join(directory, 'secrets.key');
    const cloudUrl = await cloud.listen();
    const nodes: ClusterNode[] = [];
    for (let number = 1; number <= daemons; number += 1) {
      const name = `im${number}`;
      const home = join(directory, name);
      await mkdir(home);
      const network = await startNetwork(server.port);
      const node = new ClusterNode(name, home, await freePort(), await freePort(), network, {
        CLUSTER_CLOUD: cloudUrl,
        CLUSTER_IDEMPOTENT: cloud.behaviour.isIdempotent ? 'yes' : 'no',
      });
      const all = {
        DATA_DB: server.url(DATABASE).replace(`:${server.port}/`, `:${network.port}/`),
        SECRETS_KEY_FILE: keyFile,
        NODE_NAME: name,
        REST_ADDRESS: '127.0.0.1',
        REST_PORT: node.restPort,
        XMLRCP_ADDRESS: '127.0.0.1',
        XMLRCP_PORT: node.xmlrpcPort,
        LOG_FILE: join(home, 'im.log'),
        LOG_FILE_MAX_SIZE: 104857600,
        VM_INFO_UPDATE_FREQUENCY: 1,
        DELAY_BETWEEN_VM_RETRIES: 0,
        MAX_SIMULTANEOUS_LAUNCHES: 4,
        CONFMAMAGER_CHECK_STATE_INTERVAL: 1,
        ...options,
      };
      await writeFile(join(home, 'im.cfg'), `[im]\n${configuration(all)}`);
      nodes.push(node);
    }
    // The first one makes the key file and the tables.
    await nodes[0]?.start();
    await Promise.all(nodes.slice(1).map((node) => node.start()));
    const proxy = await startHaProxy(nodes);
    await until(async () => (await proxy.upServers()).length === daemons, 'haproxy to see the daemons', 20_000);
    const store = await openStore({ url: server.url(DATABASE), keyFile, logger: silentLogger, now: Date.now });
    await store.migrate();
    return new Cluster(directory, server, cloud, nodes, proxy, store);
  }

  get url(): string {
    return `http://127.0.0.1:${this.proxy.restPort}`;
  }

  node(index: number): ClusterNode {
    const node = this.nodes[index];
    if (node === undefined) throw new Error(`there is no node ${index}`);
    return node;
  }

  /**
   * A copy of a daemon with its configuration, its name included; only its ports, its files and what the reports call it are its own. The
   * caller starts it.
   */
  async twinOf(node: ClusterNode): Promise<ClusterNode> {
    const label = `${node.name}-twin-${randomUUID()}`;
    const home = join(this.directory, label);
    await mkdir(home);
    const [restPort, xmlrpcPort] = [await freePort(), await freePort()];
    const twin = new ClusterNode(node.name, home, restPort, xmlrpcPort, node.network, {
      ...node.environment,
      CLUSTER_LABEL: label,
    });
    await copyFile(join(node.directory, 'im.cfg'), join(home, 'im.cfg'));
    this.#twins.push(twin);
    await twin.configure({ REST_PORT: restPort, XMLRCP_PORT: xmlrpcPort, LOG_FILE: join(home, 'im.log') });
    return twin;
  }

  async destroy(): Promise<void> {
    await Promise.all([...this.nodes, ...this.#twins].map((node) => node.stop('SIGKILL')));
    await this.proxy.stop();
    await this.store.close().catch(() => undefined);
    await Promise.all(this.nodes.map(({ network }) => network.close()));
    await this.cloud.close();
    await this.server.destroy();
    await rm(this.directory, { recursive: true, force: true });
  }
}
