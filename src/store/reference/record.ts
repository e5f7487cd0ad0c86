// SPDX-License-Identifier: Apache-2.0
// Turns a record of grycap/im (an exported document, or the `data` of its table) into ours (persistence.md §5-§7). Pure.
import {
  INFRASTRUCTURE_ID_PATTERN,
  type Infrastructure,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  type Owner,
  type VirtualMachine,
  withoutInfrastructureToken,
} from '../../domain/index.js';
import { Radl } from '../../radl/index.js';
import { STATISTICS_KEY } from '../statistics-key.js';
import type { Change } from '../store.js';
import { list, milliseconds, nested, optionalNumber, optionalText, RecordError } from './json.js';
import { readOwners } from './owners.js';
import { radlOf } from './radl-text.js';
import { type Reading, readOr, STRICT } from './reading.js';
import { templateName } from './template-name.js';
import { numbered } from './vm-numbers.js';
import { vmOf, vmWarnings } from './vm-record.js';

/** A record in our terms. */
export interface ReferenceRecord {
  readonly infrastructure: Infrastructure;
  readonly vms: readonly VirtualMachine[];
  readonly log: string;
  readonly vmLogs: ReadonlyMap<number, string>;
}

/** Where a record comes from. */
export interface RecordOptions {
  /** Time for records that do not tell theirs, milliseconds since 1970. */
  readonly createdAt: number;
  /** Its id, where something else than the record tells it. */
  readonly id?: string;
  /** Default: any part that cannot be read makes the record unreadable. */
  readonly reading?: Reading;
}

/** Far beyond real infrastructures; keeps a record of empty entries from growing into machines without end. */
const MAX_VMS = 50_000;

/**
 * Reads a record of any release from 1.5.0 on.
 * @throws Error naming what is wrong with it (RecordError, SyntaxError or RadlError)
 */
export function readReferenceRecord(document: JsonValue, options: RecordOptions): ReferenceRecord {
  return readWithWarnings(document, options).record;
}

/** Reads a record, and tells what the operator should look after; that holds no secrets. */
export function readWithWarnings(
  document: JsonValue,
  { createdAt, id: givenId, reading = STRICT }: RecordOptions,
): { readonly record: ReferenceRecord; readonly warnings: readonly string[] } {
  const record = nested(document, 'record');
  const written = list(record.vm_list, 'vm_list');
  if (written.length > MAX_VMS)
    throw new RecordError(`its 'vm_list' has ${written.length} entries, at most ${MAX_VMS} are read`);
  const id = givenId ?? infrastructureId(record);
  const entries = numbered(readEntries(written, reading), reading);
  const vms = entries.map(({ entry, number }) => vmOf(entry, id, number, reading));
  return {
    record: {
      infrastructure: infrastructureOf(record, id, vms, createdAt, reading),
      vms,
      log: optionalText(record.cont_out),
      vmLogs: new Map(entries.map(({ entry, number }) => [number, optionalText(entry.cont_out)])),
    },
    warnings: [
      ...(record.deleting === true ? ['it was being destroyed when it was saved: destroy it again'] : []),
      ...vms.flatMap((vm, index) => [...vmWarnings(entries[index]?.entry ?? {}, vm)]),
    ],
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

function infrastructureId({ id }: JsonObject): string {
  if (typeof id !== 'string' || !INFRASTRUCTURE_ID_PATTERN.test(id)) {
    throw new RecordError(`'id' is not an infrastructure id`);
  }
  return id;
}

function readEntries(written: readonly JsonValue[], reading: Reading): readonly JsonObject[] {
  return written.flatMap((entry, index) =>
    readOr(
      reading,
      `entry ${index} of its 'vm_list' cannot be read and is left out: look in its cloud for a machine that is missing here`,
      () => [nested(entry, 'vm_list')],
      () => [],
    ),
  );
}

function infrastructureOf(
  record: JsonObject,
  id: string,
  vms: readonly VirtualMachine[],
  createdAt: number,
  reading: Reading,
): Infrastructure {
  const networks = objectOf(record, 'private_networks', reading);
  const master = optionalNumber(record.vm_master);
  return {
    id,
    createdAt: milliseconds(record.creation_date, createdAt),
    owners: readOr(
      reading,
      `the 'auth' of its record cannot be read: its owners are those of the column`,
      () => readOwners(record.auth),
      (): readonly Owner[] => [],
    ),
    configured: typeof record.configured === 'boolean' ? record.configured : null,
    // Another one is elected when it is needed.
    masterVm: vms.find(({ number, isDestroyed }) => number === master && !isDestroyed)?.number ?? null,
    isDestroying: false,
    isDeleted: record.deleted === true || record.deleted === 1,
    nextVmNumber: vms.reduce((next, { number }) => Math.max(next, number + 1), vms.length),
    version: 0,
    radl: readOr(
      reading,
      'its document is no RADL that can be read and is left out: the VMs are here and can be removed; to add or to configure, send the whole document anew',
      () => radlOf(record.radl),
      () => Radl.empty(),
    ),
    privateNetworks: new Map(Object.entries(networks).map(([network, cloud]) => [network, String(cloud)])),
    snapshots: Array.isArray(record.snapshots) ? record.snapshots.map(String) : [],
    extra: extraOf(objectOf(record, 'extra_info', reading)),
  };
}

function objectOf(record: JsonObject, name: string, reading: Reading): JsonObject {
  return readOr(
    reading,
    `its '${name}' cannot be read and is left out`,
    () => nested(record[name] ?? {}, name),
    () => ({}),
  );
}

/** What is kept: TOSCA, the resource group of Azure (core.md), and under `im` what our own export adds. */
function extraOf({ TOSCA, rg_name: resourceGroup, im }: JsonObject): JsonObject {
  // Whoever wrote the document must not open this service with it, nor say what became of an infrastructure here.
  const { [STATISTICS_KEY]: statistics, ...own } = withoutInfrastructureToken(isJsonObject(im) ? im : {});
  // JSON is YAML: a template that a database kept as an object is one all the same.
  const template = isJsonObject(TOSCA) ? JSON.stringify(TOSCA) : TOSCA;
  const told = isJsonObject(statistics) ? statistics.templateName : undefined;
  const name = typeof template === 'string' ? templateName(template) : typeof told === 'string' ? told : '';
  return {
    ...(name !== '' && { [STATISTICS_KEY]: { templateName: name } }),
    ...(typeof resourceGroup === 'string' && { rg_name: resourceGroup }),
    ...own,
    ...(typeof template === 'string' && { TOSCA: template }),
  };
}
