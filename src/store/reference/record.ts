// SPDX-License-Identifier: Apache-2.0
// Turns a record of grycap/im (an exported document, or the `data` of its table) into ours (persistence.md §5-§7). Pure.
import {
  type CloudReference,
  type CloudState,
  INFRASTRUCTURE_ID_PATTERN,
  type Infrastructure,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  type Owner,
  type VirtualMachine,
  withoutCallHome,
  withoutInfrastructureToken,
} from '../../domain/index.js';
import { parseRadl, parseRadlJson, Radl } from '../../radl/index.js';
import { STATISTICS_KEY } from '../statistics-key.js';
import type { Change } from '../store.js';
import { list, milliseconds, nested, optionalText, parseJson, RecordError, text } from './json.js';
import { templateName } from './template-name.js';

/** A record in our terms. */
export interface ReferenceRecord {
  readonly infrastructure: Infrastructure;
  readonly vms: readonly VirtualMachine[];
  readonly log: string;
  readonly vmLogs: ReadonlyMap<number, string>;
}

/** Far beyond real infrastructures; keeps a record of empty entries from growing into machines without end. */
const MAX_VMS = 50_000;

/** Keys of a VM record that have a place of their own; the others are kept as connector data. */
const VM_KEYS: ReadonlySet<string> = new Set([
  'last_update',
  'destroy',
  'state',
  'id',
  'im_id',
  'creation_im_id',
  'cloud',
  'info',
  'requested_radl',
  'cont_out',
  'configured',
  'ctxt_pid',
  'ssh_connect_errors',
  'creating',
  'error_msg',
  'deleting',
  'creation_date',
  'cloud_connector',
]);

/**
 * Reads a record of any release from 1.5.0 on.
 * @param createdAt time for records that do not tell theirs, milliseconds since 1970
 * @throws Error naming what is wrong with it (RecordError, SyntaxError or RadlError)
 */
export function readReferenceRecord(document: JsonValue, createdAt: number): ReferenceRecord {
  const record = nested(document, 'record');
  const written = list(record.vm_list, 'vm_list');
  if (written.length > MAX_VMS)
    throw new RecordError(`its 'vm_list' has ${written.length} entries, at most ${MAX_VMS} are read`);
  const entries = written.map((entry) => nested(entry, 'vm_list'));
  const id = infrastructureId(record);
  const vms = entries.map((entry, index) => vmOf(entry, id, index));
  if (new Set(vms.map(({ number }) => number)).size < vms.length) {
    throw new RecordError(`two virtual machines have the same 'im_id'`);
  }
  return {
    infrastructure: infrastructureOf(record, id, vms, createdAt),
    vms,
    log: optionalText(record.cont_out),
    vmLogs: new Map(vms.map(({ number }, index) => [number, optionalText(entries[index]?.cont_out)])),
  };
}

/** The changes that write a record under an id. @param updatedAt when it was changed last, milliseconds since 1970; default: now */
export function recordChanges(
  { infrastructure, vms, log, vmLogs }: ReferenceRecord,
  id: string,
  updatedAt?: number,
): readonly Change[] {
  return [
    {
      kind: 'insert-infrastructure',
      infrastructure: { ...infrastructure, id },
      ...(updatedAt !== undefined && { updatedAt }),
    },
    ...logChange(id, null, log),
    ...vms.flatMap((vm): readonly Change[] => [
      { kind: 'insert-vm', vm: { ...vm, infrastructureId: id } },
      ...logChange(id, vm.number, vmLogs.get(vm.number) ?? ''),
    ]),
  ];
}

function logChange(infrastructureId: string, vm: number | null, log: string): readonly Change[] {
  return log === '' ? [] : [{ kind: 'append-log', infrastructureId, vm, text: log }];
}

function infrastructureId(record: JsonObject): string {
  const id = text(record.id, 'id');
  if (!INFRASTRUCTURE_ID_PATTERN.test(id)) {
    throw new RecordError(`'id' is not an infrastructure id`);
  }
  return id;
}

function infrastructureOf(
  record: JsonObject,
  id: string,
  vms: readonly VirtualMachine[],
  createdAt: number,
): Infrastructure {
  const networks = nested(record.private_networks ?? {}, 'private_networks');
  return {
    id,
    createdAt: milliseconds(record.creation_date, createdAt),
    owners: readOwners(record.auth),
    configured: typeof record.configured === 'boolean' ? record.configured : null,
    masterVm: typeof record.vm_master === 'number' ? record.vm_master : null,
    isDestroying: false,
    isDeleted: record.deleted === true || record.deleted === 1,
    nextVmNumber: vms.reduce((next, { number }) => Math.max(next, number + 1), vms.length),
    version: 0,
    radl: radlOf(record.radl),
    privateNetworks: new Map(Object.entries(networks).map(([network, cloud]) => [network, String(cloud)])),
    snapshots: Array.isArray(record.snapshots) ? record.snapshots.map(String) : [],
    extra: extraOf(nested(record.extra_info ?? {}, 'extra_info')),
  };
}

/** Only TOSCA is ever stored in it, and under `im` what our own export adds. */
function extraOf({ TOSCA, im }: JsonObject): JsonObject {
  // Whoever wrote the document must not open this service with it, nor say what became of an infrastructure here.
  const { [STATISTICS_KEY]: statistics, ...own } = withoutInfrastructureToken(isJsonObject(im) ? im : {});
  const told = isJsonObject(statistics) ? statistics.templateName : undefined;
  const name = typeof TOSCA === 'string' ? templateName(TOSCA) : typeof told === 'string' ? told : '';
  return {
    ...(name !== '' && { [STATISTICS_KEY]: { templateName: name } }),
    ...own,
    ...(typeof TOSCA === 'string' && { TOSCA }),
  };
}

/** Owners of the list of InfrastructureManager items, or of its JSON text. Items without a name own nothing. */
export function readOwners(value: JsonValue | undefined): readonly Owner[] {
  const items = typeof value === 'string' && value !== '' ? parseJson(value) : value;
  return (Array.isArray(items) ? items : []).flatMap((item: JsonValue) => {
    const { username, password, token } = isJsonObject(item) ? item : {};
    return typeof username !== 'string'
      ? []
      : [{ username, ...(typeof password === 'string' && { password }), ...(typeof token === 'string' && { token }) }];
  });
}

/** Numbers are parts of URLs, and the next one follows from the largest. */
function vmNumber(value: JsonValue | undefined, index: number): number {
  if (typeof value !== 'number') return index;
  if (Number.isInteger(value) && value >= 0 && value <= 999_999_999) return value;
  throw new RecordError(`the 'im_id' ${value} is not the number of a virtual machine`);
}

function vmOf(record: JsonObject, infrastructureId: string, index: number): VirtualMachine {
  const info = radlOf(record.info);
  const providerId = typeof record.id === 'string' || typeof record.id === 'number' ? String(record.id) : null;
  return {
    infrastructureId,
    number: vmNumber(record.im_id, index),
    providerId,
    cloud: cloudOf(record.cloud),
    cloudState: providerId === null ? 'failed' : cloudState(optionalText(record.state)),
    // A configuration that was running is lost (persistence.md §7).
    configured: record.configured === true,
    isDeleting: false,
    isCreating: false,
    isDestroyed: record.destroy === true,
    isUpdateFailing: false,
    lastUpdate: milliseconds(record.last_update, 0),
    info: oneSystem(info),
    requested: oneSystem(radlOf(record.requested_radl ?? record.info)),
    systemName: info.systems[0]?.name ?? '',
    errorMessage: optionalText(record.error_msg),
    createdAt: milliseconds(record.creation_date, 0),
    operationId: '',
    extra: withoutCallHome(Object.fromEntries(Object.entries(record).filter(([key]) => !VM_KEYS.has(key)))),
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
    case '':
      return 'unknown';
    default:
      return 'running';
  }
}

function cloudOf(value: JsonValue | undefined): CloudReference {
  const record = nested(value ?? {}, 'cloud');
  const extra = isJsonObject(record.extra) ? record.extra : {};
  return {
    id: optionalText(record.id),
    type: optionalText(record.type),
    protocol: optionalText(record.protocol),
    server: optionalText(record.server),
    port: Number.isSafeInteger(record.port) ? Number(record.port) : -1,
    path: optionalText(record.path),
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
function radlOf(value: JsonValue | undefined): Radl {
  const source = optionalText(value);
  return /^\s*[[{]/.test(source) ? parseRadlJson(source) : parseRadl(source);
}
