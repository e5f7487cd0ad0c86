// SPDX-License-Identifier: Apache-2.0
// Use case: everything that somebody needs who is asked for help with an infrastructure, in one document without secrets.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type ConfigurationFailure, failureToJson, type JsonObject, type VirtualMachine } from '../domain/index.js';
import { type Features, printRadl, type Radl, visibleRadl } from '../radl/index.js';
import type { ManagerEnvironment } from './environment.js';
import { infrastructureFailures } from './failures.js';
import { infrastructureRadl } from './infrastructure-reads.js';
import type { Call } from './manager.js';
import { listOperations } from './operation-list.js';
import { infrastructureState } from './state.js';

/** Format of the document; a new number when something is renamed or goes. */
const FORMAT = 1;
const OPERATIONS = 20;
const MOST_LOGS = 50;
const LONGEST_LOG = 512 * 1024;
const MASK = '********';
const SECRET_PROPERTY = /password|passwd|private_?key|secret|token|(^|[._])proxy_/i;
/** Shorter ones would be found in words that are none. */
const SHORTEST_SECRET = 4;

/** The bundle as a JSON document. Logs of failed machines come first, those that find no room are counted. */
export async function failureBundle(
  environment: ManagerEnvironment,
  call: Call,
  infrastructureId: string,
): Promise<JsonObject> {
  const report = await infrastructureFailures(environment, call, infrastructureId);
  const { store } = environment;
  const vms = await store.listVms(infrastructureId);
  const radl = await infrastructureRadl(environment, call, infrastructureId);
  // The tokens of nodes have a form by which they are known wherever they stand.
  const secrets = knownSecrets([radl, ...vms.flatMap(documentsOf)]);
  const hide = (text: string): string => environment.redact(withoutSecrets(lastPart(text), secrets));
  const { vmStates } = await infrastructureState(environment, call, infrastructureId);
  const failed = new Set(report.failures.map(({ vm }) => vm));
  const order = [...vms].sort((left, right) => Number(failed.has(right.number)) - Number(failed.has(left.number)));
  const shown = order.slice(0, MOST_LOGS);
  const machines: JsonObject[] = [];
  for (const vm of shown) {
    const { text } = await store.readLog(infrastructureId, vm.number);
    machines.push({
      number: vm.number,
      state: vmStates.get(vm.number) ?? 'unknown',
      system: vm.systemName,
      cloud: vm.cloud.type,
      providerId: vm.providerId,
      error: hide(vm.errorMessage),
      log: hide(text),
    });
    // Hiding secrets in half a megabyte takes its time; others are waiting too.
    await nextTurn();
  }
  return {
    format: FORMAT,
    version: environment.settings.version,
    infrastructure: infrastructureId,
    made: new Date(environment.now()).toISOString(),
    state: report.state,
    failures: report.failures.map((failure) => failureToJson(hiddenIn(failure, hide))),
    failuresLeftOut: report.leftOut,
    operations: (await listOperations(environment, call, infrastructureId, OPERATIONS)).map((operation): JsonObject => {
      const { id, kind, state, createdAt, startedAt, finishedAt, error } = operation;
      return {
        id,
        kind,
        state,
        createdAt,
        ...(startedAt !== undefined && { startedAt }),
        ...(finishedAt !== undefined && { finishedAt }),
        ...(error && { error: { code: error.code, message: hide(error.message) } }),
      };
    }),
    radl: hide(printRadl(radl)),
    log: hide((await store.readLog(infrastructureId, null)).text),
    vms: machines,
    vmsLeftOut: vms.length - shown.length,
  };
}

function hiddenIn(failure: ConfigurationFailure, hide: (text: string) => string): ConfigurationFailure {
  return { ...failure, lines: failure.lines.map(hide) };
}

/** The end of a long text, from the beginning of a line that is not the inside of a key. */
function lastPart(text: string): string {
  if (text.length <= LONGEST_LOG) return text;
  const lines = text.slice(-LONGEST_LOG).split('\n').slice(1);
  const first = lines.findIndex((line) => !/^[A-Za-z0-9+/=]{40,}$/.test(line.trim()));
  const rest = lines.slice(Math.max(0, first)).join('\n');
  return `[... ${text.length - rest.length} bytes left out ...]\n${rest}`;
}

const documentsOf = (vm: VirtualMachine): readonly Radl[] => [vm.info, visibleRadl(vm.requested)];

/** Every secret that is stored with the infrastructure, longest first, so that none hides a part of another. */
function knownSecrets(documents: readonly Radl[]): readonly string[] {
  const secrets = new Set<string>();
  const add = (text: string): void => {
    if (text.trim().length >= SHORTEST_SECRET) secrets.add(text.trim());
  };
  const addAll = (features: Features): void => {
    for (const name of features.names()) {
      if (!SECRET_PROPERTY.test(name)) continue;
      for (const value of features.getTexts(name)) {
        add(value);
        // `user:password@host` of a proxy.
        add(/^[^:@]*:(.*)@/.exec(value)?.[1] ?? '');
      }
    }
  };
  for (const { networks, systems, ansibleHosts } of documents) {
    for (const { features } of [...networks, ...systems, ...ansibleHosts]) addAll(features);
  }
  return [...secrets].sort((left, right) => right.length - left.length);
}

function withoutSecrets(text: string, secrets: readonly string[]): string {
  return secrets.reduce((hidden, secret) => hidden.replaceAll(secret, MASK), text);
}
