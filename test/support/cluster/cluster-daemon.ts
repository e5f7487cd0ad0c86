// SPDX-License-Identifier: Apache-2.0
// The daemon as `src/main.ts` runs it, with two things more: the connector to the recording cloud, and reports of what it did with leases.
//
// Environment: IM_CFG as usual; CLUSTER_CLOUD the URL of the recording cloud; CLUSTER_IDEMPOTENT `yes` when that cloud knows its tokens;
// CLUSTER_LABEL what the reports call this daemon, where that is not its NODE_NAME.
import { existsSync, readFileSync } from 'node:fs';
import { loadConfig } from '../../../src/config/load.js';
import { startDaemon } from '../../../src/daemon.js';
import { createLogging } from '../../../src/observability/logging/create-logging.js';
import { liveUntilSignal } from '../../../src/process-life.js';
import { longestStopMs } from '../../../src/settings.js';
import type { Lease, Store } from '../../../src/store/index.js';
import { monotonicMs, type StoreReport } from './recording-cloud.js';
import { CloudClient, recordingType } from './recording-connector.js';

const { config } = loadConfig({
  environment: process.env,
  readFile: (path) => (existsSync(path) ? readFileSync(path, 'utf8') : undefined),
  installDir: process.cwd(),
  hostName: 'cluster',
});
const logging = createLogging(config, {
  now: () => new Date(),
  stdout: process.stdout,
  stderr: process.stderr,
  onTrouble: (message) => console.error(message),
  hostName: config.nodeName,
  processId: process.pid,
});
const label = process.env.CLUSTER_LABEL ?? config.nodeName;
const client = new CloudClient(process.env.CLUSTER_CLOUD ?? '', label);

let unsent: StoreReport[] = [];
let isSending = false;

/** Sent beside the work: a report that is lost with its process only makes the checks see less. */
function report(kind: StoreReport['kind'], lease: Lease, startedAt: number): void {
  const { infrastructureId, fencing } = lease;
  unsent.push({ kind, node: label, infrastructureId, fencing, startedAt, endedAt: monotonicMs() });
  if (!isSending) void send();
}

async function send(): Promise<void> {
  isSending = true;
  while (unsent.length > 0) {
    const reports = unsent;
    unsent = [];
    await client.call('report', { reports }).catch(() => undefined);
  }
  isSending = false;
}

/** Tells about what succeeded, never about what did not. */
function reporting(store: Store): Store {
  return new Proxy(store, {
    get: (target, key) => {
      const member: unknown = Reflect.get(target, key);
      if (typeof member !== 'function') return member;
      switch (key) {
        case 'commit':
          return async (...[changes, lease]: Parameters<Store['commit']>) => {
            const startedAt = monotonicMs();
            await target.commit(changes, lease);
            if (lease !== undefined) report('committed', lease, startedAt);
          };
        case 'acquireLease':
          return async (...parameters: Parameters<Store['acquireLease']>) => {
            const startedAt = monotonicMs();
            const lease = await target.acquireLease(...parameters);
            if (lease !== undefined) report('acquired', lease, startedAt);
            return lease;
          };
        case 'releaseLease':
          return async (lease: Lease) => {
            const startedAt = monotonicMs();
            await target.releaseLease(lease);
            report('released', lease, startedAt);
          };
        default:
          return member.bind(target);
      }
    },
  });
}

const daemon = await startDaemon({
  config,
  logging,
  installDir: process.cwd(),
  decorate: {
    store: reporting,
    connectorTypes: (types) => [...types, recordingType(client, process.env.CLUSTER_IDEMPOTENT === 'yes')],
  },
});
process.exit(
  await liveUntilSignal(daemon, logging, longestStopMs(config), {
    say: (line) => console.log(line),
    complain: (line) => console.error(line),
  }),
);
