// SPDX-License-Identifier: Apache-2.0
// One entry of `vm_list` in our terms (persistence.md §5-§7). Pure.
import {
  type CloudReference,
  type CloudState,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  type VirtualMachine,
  withoutCallHome,
} from '../../domain/index.js';
import { createSystem, Radl } from '../../radl/index.js';
import { milliseconds, nested, optionalNumber, optionalText, RecordError } from './json.js';
import { radlOf } from './radl-text.js';
import { type Reading, readOr } from './reading.js';

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

/** Name of the system of a VM whose record has none. */
const UNNAMED = 'unknown';

/** Reads one entry. @param number the VM's, which the whole list decides (vm-numbers.ts) */
export function vmOf(record: JsonObject, infrastructureId: string, number: number, reading: Reading): VirtualMachine {
  const requested = documentOf(record.requested_radl, number, reading);
  const info = documentOf(record.info, number, reading) ?? requested ?? Radl.empty();
  const providerId = typeof record.id === 'number' ? String(record.id) : optionalText(record.id) || null;
  return {
    infrastructureId,
    number,
    providerId,
    cloud: readOr(
      reading,
      `the cloud of VM ${number} cannot be read: remove the VM at its provider, then here with force`,
      () => cloudOf(record.cloud),
      () => cloudOf(null),
    ),
    cloudState: providerId === null ? 'failed' : cloudState(record.state),
    // A configuration that was running is lost (persistence.md §7).
    configured: record.configured === true,
    isDeleting: false,
    isCreating: false,
    // A VM that is being created is stored as destroyed until its launch ends; with an id, there is a machine (persistence.md §5).
    isDestroyed: record.destroy === true && !(record.creating === true && providerId !== null),
    isUpdateFailing: false,
    lastUpdate: milliseconds(record.last_update, 0),
    info: oneSystem(info),
    requested: oneSystem(requested ?? info),
    systemName: info.systems[0]?.name ?? UNNAMED,
    errorMessage: optionalText(record.error_msg),
    createdAt: milliseconds(record.creation_date, 0),
    operationId: '',
    extra: withoutCallHome(Object.fromEntries(Object.entries(record).filter(([key]) => !VM_KEYS.has(key)))),
  };
}

/** Undefined when there is none, or none that can be read: the other one of the VM then stands for both. */
function documentOf(value: JsonValue | undefined, number: number, reading: Reading): Radl | undefined {
  if (optionalText(value).trim() === '') {
    return undefined;
  }
  return readOr(
    reading,
    `a document of VM ${number} is no RADL that can be read and is left out: if the VM lacks something, remove it and add it anew`,
    () => radlOf(value),
    () => undefined,
  );
}

/** What the operator should look after, of a VM of an infrastructure that lives. */
export function* vmWarnings(record: JsonObject, vm: VirtualMachine): Generator<string> {
  const { number, providerId, isDestroyed, cloud } = vm;
  if (isDestroyed) {
    // Without the flag an old record cannot tell a launch that began from one that failed.
    if (providerId === null) yield `VM ${number} was being created when it was saved: look for it in its cloud`;
    return;
  }
  if (record.destroy === true) {
    yield `VM ${number} was being created when it was saved: it is taken for a living one, remove it if it is not wanted`;
  }
  if (record.deleting === true) {
    yield `VM ${number} was being removed when it was saved: remove it again`;
  }
  if (optionalText(record.info) === '' && optionalText(record.requested_radl) === '') {
    yield `the record of VM ${number} has no document: it shows its state and can be removed, and is not configured`;
  }
  if (providerId !== null && cloud.type === '') {
    yield `the record of VM ${number} names no cloud: remove the VM at its provider, then here with force`;
  }
}

/** Contextualization words are derived again from the result. Words that no release wrote, and numbers, say nothing. */
function cloudState(value: JsonValue | undefined): CloudState {
  switch (value) {
    case 'pending':
    case 'stopped':
    case 'off':
    case 'failed':
      return value;
    case 'running':
    case 'configured':
    case 'unconfigured':
    case 'deleting':
      return 'running';
    default:
      return 'unknown';
  }
}

/** The column of the type has its bound; no type is nearly as long. */
const LONGEST_TYPE = 64;

function cloudOf(value: JsonValue | undefined): CloudReference {
  const record = nested(value ?? {}, 'cloud');
  const extra = isJsonObject(record.extra) ? record.extra : {};
  const type = optionalText(record.type);
  if (type.length > LONGEST_TYPE) {
    throw new RecordError(`'cloud'`);
  }
  const port = optionalNumber(record.port);
  return {
    id: optionalText(record.id),
    type,
    protocol: optionalText(record.protocol),
    server: optionalText(record.server),
    port: Number.isSafeInteger(port) ? Number(port) : -1,
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
  // A machine without a system would have no properties, not even its state.
  target.add(system ?? createSystem(UNNAMED));
  return target;
}
