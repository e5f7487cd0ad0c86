// SPDX-License-Identifier: Apache-2.0
// The daemon with crash points: before and after every commit and every provider call. It kills itself at the point that it is told.
//
// Environment: IM_CFG as usual; CRASH_LOG a file that gets one line per point once the points count; CRASH_AT the number of the point at
// which the process ends as `kill -9` would end it (absent: never). The points count from SIGUSR2 on, which the file `<CRASH_LOG>.armed` answers.
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { loadConfig } from '../../../src/config/load.js';
import type { CloudConnector, ConnectorType } from '../../../src/connectors/index.js';
import { startDaemon } from '../../../src/daemon.js';
import { createLogging } from '../../../src/observability/logging/create-logging.js';
import type { Change, Store } from '../../../src/store/index.js';

const log = process.env.CRASH_LOG ?? '/dev/null';
const crashAt = Number(process.env.CRASH_AT ?? Number.POSITIVE_INFINITY);
let isArmed = false;
let count = 0;

function point(label: string): void {
  if (!isArmed) {
    return;
  }
  count += 1;
  appendFileSync(log, `${count} ${label}\n`);
  if (count === crashAt) {
    process.kill(process.pid, 'SIGKILL');
  }
}

const kinds = (changes: readonly Change[]): string => [...new Set(changes.map(({ kind }) => kind))].join('+');

function withStorePoints(store: Store): Store {
  return new Proxy(store, {
    get: (target, key) => {
      const member: unknown = Reflect.get(target, key);
      if (typeof member !== 'function') {
        return member;
      }
      if (key !== 'commit') {
        return member.bind(target);
      }
      return async (changes: readonly Change[], lease?: Parameters<Store['commit']>[1]) => {
        point(`before commit ${kinds(changes)}`);
        await target.commit(changes, lease);
        point(`after commit ${kinds(changes)}`);
      };
    },
  });
}

const PROVIDER_CALLS: readonly string[] = [
  'findByToken',
  'adopt',
  'destroy',
  'destroyResource',
  'findResource',
  'start',
  'stop',
];

function withConnectorPoints(type: ConnectorType): ConnectorType {
  const decorate = (connector: CloudConnector): CloudConnector =>
    new Proxy(connector, {
      get: (target, key) => {
        const member: unknown = Reflect.get(target, key);
        if (typeof member !== 'function') {
          return member;
        }
        if (key === 'launch') {
          return async function* (request: Parameters<CloudConnector['launch']>[0]) {
            point('before launch');
            for await (const outcome of target.launch(request)) {
              point('after launch of a VM');
              yield outcome;
            }
          };
        }
        if (typeof key !== 'string' || !PROVIDER_CALLS.includes(key)) {
          return member.bind(target);
        }
        return async (...parameters: unknown[]) => {
          point(`before ${key}`);
          const result: unknown = await member.apply(target, parameters);
          point(`after ${key}`);
          return result;
        };
      },
    });
  return { ...type, connect: (cloud, environment) => decorate(type.connect(cloud, environment)) };
}

const { config } = loadConfig({
  environment: process.env,
  readFile: (path) => (existsSync(path) ? readFileSync(path, 'utf8') : undefined),
  installDir: process.cwd(),
  hostName: 'crash',
});
const logging = createLogging(config, {
  now: () => new Date(),
  stdout: process.stdout,
  stderr: process.stderr,
  onTrouble: (message) => console.error(message),
  hostName: 'crash',
  processId: process.pid,
});
process.on('SIGUSR2', () => {
  isArmed = true;
  writeFileSync(`${log}.armed`, 'armed');
});
const daemon = await startDaemon({
  config,
  logging,
  installDir: process.cwd(),
  decorate: { store: withStorePoints, connectorTypes: (types) => types.map(withConnectorPoints) },
});
process.on('SIGTERM', () => {
  void daemon.stop().then(async () => {
    await logging.close();
    process.exit(0);
  });
});
