// SPDX-License-Identifier: Apache-2.0
// Use case: take over an exported infrastructure (persistence.md §5-§7). Never replaces one that lives here.
import {
  badRequest,
  type Caller,
  type CloudReference,
  type CloudState,
  errorText,
  INFRASTRUCTURE_ID_PATTERN,
  type Infrastructure,
  isGranted,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  type VirtualMachine,
} from '../domain/index.js';
import { parseRadl, parseRadlJson, Radl } from '../radl/index.js';
import { type Change, STATISTICS_KEY } from '../store/index.js';
import { admit } from './access.js';
import type { ManagerEnvironment } from './environment.js';
import type { Call } from './manager.js';

/** Keys of a VM record that have a place of their own; the others are kept as connector data. */
const VM_KEYS = new Set(
  'last_update destroy state id im_id creation_im_id cloud info requested_radl cont_out configured ctxt_pid ssh_connect_errors creating error_msg deleting creation_date cloud_connector'.split(
    ' ',
  ),
);

/** Owner is the caller. A known id is kept only when the caller owned it and it was deleted here (spec/README.md). */
export async function importInfrastructure(
  environment: ManagerEnvironment,
  call: Call,
  text: string,
): Promise<{ readonly infrastructureId: string }> {
  const caller = await admit(environment, call, 'write');
  let record: JsonObject;
  let vms: readonly VirtualMachine[];
  let infrastructure: Infrastructure;
  try {
    record = nested(JSON.parse(text));
    infrastructure = infrastructureOf(record, environment.now());
    vms = list(record.vm_list, 'vm_list').map((entry, index) => vmOf(nested(entry), infrastructure.id, index));
  } catch (error) {
    throw badRequest(`Error importing the infrastructure, incorrect data: ${errorText(error)}`, { cause: error });
  }
  const { id, isReturning } = await chooseId(environment, caller, infrastructure.id);
  await environment.store.commit([
    ...(isReturning ? [{ kind: 'purge-infrastructure' as const, id }] : []),
    { kind: 'insert-infrastructure', infrastructure: { ...infrastructure, id, owners: caller.owners } },
    ...logChange(id, null, record.cont_out),
    ...vms.flatMap((vm, index): readonly Change[] => [
      { kind: 'insert-vm', vm: { ...vm, infrastructureId: id } },
      ...logChange(id, vm.number, nested(list(record.vm_list, 'vm_list')[index]).cont_out),
    ]),
  ]);
  environment.logger.info(`Imported Inf ID: ${id} by ${caller.owners[0].username}.`, { infId: id });
  return { infrastructureId: id };
}

/**
 * The document's id when it is free, was exported with delete (whoever has the document may bring it back), or was the caller's and is
 * deleted here; else a new one.
 */
async function chooseId(
  environment: ManagerEnvironment,
  caller: Caller,
  id: string,
): Promise<{ readonly id: string; readonly isReturning: boolean }> {
  const known = await environment.store.getHeader(id);
  if (known === undefined) {
    return { id, isReturning: false };
  }
  if (!known.isDeleted) {
    if (isGranted(caller, known.owners)) {
      throw badRequest('Trying to add an existing infrastructure ID.');
    }
    return { id: environment.newId(), isReturning: false };
  }
  const owned = await environment.store.listStatistics({ id, ownedBy: caller.owners });
  const isFree = owned.length > 0 || isExported((await environment.store.getInfrastructure(id))?.extra ?? {});
  return isFree ? { id, isReturning: true } : { id: environment.newId(), isReturning: false };
}

function isExported({ [STATISTICS_KEY]: statistics }: JsonObject): boolean {
  return isJsonObject(statistics) && statistics.isExported === true;
}

function logChange(infrastructureId: string, vm: number | null, value: JsonValue | undefined): readonly Change[] {
  return typeof value === 'string' && value !== '' ? [{ kind: 'append-log', infrastructureId, vm, text: value }] : [];
}

function infrastructureOf(record: JsonObject, now: number): Infrastructure {
  const id = text(record.id, 'id');
  if (!INFRASTRUCTURE_ID_PATTERN.test(id)) {
    throw new Error(`'id' is not an infrastructure id`);
  }
  const { TOSCA, im } = object(record.extra_info ?? {}, 'extra_info');
  const networks = object(record.private_networks ?? {}, 'private_networks');
  return {
    id,
    createdAt: typeof record.creation_date === 'number' ? record.creation_date * 1000 : now,
    owners: [],
    configured: typeof record.configured === 'boolean' ? record.configured : null,
    masterVm: typeof record.vm_master === 'number' ? record.vm_master : null,
    isDestroying: false,
    isDeleted: false,
    nextVmNumber: list(record.vm_list, 'vm_list').length,
    version: 0,
    radl: document(record.radl),
    privateNetworks: new Map(Object.entries(networks).map(([network, cloud]) => [network, String(cloud)])),
    snapshots: Array.isArray(record.snapshots) ? record.snapshots.map(String) : [],
    extra: { ...(isJsonObject(im) && im), ...(typeof TOSCA === 'string' && { TOSCA }) },
  };
}

function vmOf(record: JsonObject, infrastructureId: string, index: number): VirtualMachine {
  const info = document(record.info);
  const requested = document(record.requested_radl ?? record.info);
  const createdAt = typeof record.creation_date === 'number' ? record.creation_date * 1000 : 0;
  const providerId = typeof record.id === 'string' ? record.id : null;
  const state = typeof record.state === 'string' ? record.state : 'unknown';
  return {
    infrastructureId,
    number: typeof record.im_id === 'number' ? record.im_id : index,
    providerId,
    cloud: cloudOf(record.cloud),
    cloudState: providerId === null ? 'failed' : cloudState(state),
    configured: record.configured === true,
    isDeleting: false,
    isCreating: false,
    isDestroyed: record.destroy === true,
    isUpdateFailing: false,
    lastUpdate: typeof record.last_update === 'number' ? record.last_update * 1000 : 0,
    info: oneSystem(info),
    requested: oneSystem(requested),
    systemName: info.systems[0]?.name ?? '',
    errorMessage: typeof record.error_msg === 'string' ? record.error_msg : '',
    createdAt,
    operationId: '',
    extra: Object.fromEntries(Object.entries(record).filter(([key]) => !VM_KEYS.has(key))),
  };
}

/** Contextualization words are derived again from the result. */
function cloudState(word: string): CloudState {
  switch (word) {
    case 'pending':
    case 'stopped':
    case 'off':
    case 'failed':
    case 'unknown':
      return word;
    default:
      return 'running';
  }
}

function cloudOf(value: JsonValue | undefined): CloudReference {
  const record = nested(value ?? {});
  const field = (key: string): string => (typeof record[key] === 'string' ? record[key] : '');
  const extra = isJsonObject(record.extra) ? record.extra : {};
  return {
    id: field('id'),
    type: field('type'),
    protocol: field('protocol'),
    server: field('server'),
    port: typeof record.port === 'number' ? record.port : -1,
    path: field('path'),
    extra: Object.fromEntries(Object.entries(extra).map(([key, entry]) => [key, String(entry)])),
  };
}

function oneSystem(source: Radl): Radl {
  const [system] = source.systems;
  const target = Radl.empty();
  for (const network of source.networks) {
    target.add(network);
  }
  if (system !== undefined) {
    target.add(system);
  }
  return target;
}

/** RADL text, or RADL JSON text in the oldest records (persistence.md §6). */
function document(value: JsonValue | undefined): Radl {
  const source = typeof value === 'string' ? value : '';
  return /^\s*[[{]/.test(source) ? parseRadlJson(source) : parseRadl(source);
}

/** Older releases nest JSON texts (persistence.md §6). */
function nested(value: JsonValue | undefined): JsonObject {
  const parsed: unknown = typeof value === 'string' ? JSON.parse(value) : value;
  return object(parsed as JsonValue, 'record');
}

function object(value: JsonValue | undefined, name: string): JsonObject {
  if (!isJsonObject(value)) {
    throw new Error(`'${name}'`);
  }
  return value;
}

function list(value: JsonValue | undefined, name: string): readonly JsonValue[] {
  if (!Array.isArray(value)) {
    throw new Error(`'${name}'`);
  }
  return value;
}

function text(value: JsonValue | undefined, name: string): string {
  if (typeof value !== 'string') {
    throw new Error(`'${name}'`);
  }
  return value;
}
