// SPDX-License-Identifier: Apache-2.0
// JSON schemas of answers, for the description of the API (rest-api.md §4.3, §9, §10).
import { FAILURE_PHASES, VM_STATES } from '../../domain/index.js';

/** JSON as the description of the API holds it. */
export type Json = string | number | boolean | readonly Json[] | { readonly [key: string]: Json };

/** A JSON schema. */
export type Schema = { readonly [key: string]: Json };

export const TEXT: Schema = { type: 'string' };
const INTEGER: Schema = { type: 'integer' };
const BOOLEAN: Schema = { type: 'boolean' };
const URI: Schema = { type: 'string', format: 'uri' };
const STATE: Schema = { type: 'string', enum: [...VM_STATES] };
const TIME: Schema = { type: 'string', format: 'date-time' };

const RADL_CLASS: Schema = {
  type: 'string',
  enum: ['description', 'network', 'ansible', 'system', 'configure', 'deploy', 'contextualize'],
};

/** An object with these members, all of them present. */
function object(properties: Readonly<Record<string, Schema>>, required = Object.keys(properties)): Schema {
  return { type: 'object', required, properties };
}

export const array = (items: Schema): Schema => ({ type: 'array', items });
/** An object whose member names are data. */
export const mapOf = (additionalProperties: Schema): Schema => ({ type: 'object', additionalProperties });

/** An object with one member: how single values are wrapped. */
export const field = (name: string, value: Schema): Schema => object({ [name]: value });

/** The one member of an object whose name is the property that was asked for. */
export const ANY_FIELD: Schema = { type: 'object', minProperties: 1, maxProperties: 1 };

const AMOUNT = object({ used: { type: 'number' }, limit: { type: 'number', description: '-1: no limit.' } });

const CLOUD = object({ id: TEXT, type: TEXT, server: TEXT });

/** Schemas that several answers share, or that clients know by name. */
export const COMPONENTS: Readonly<Record<string, Schema>> = {
  ErrorMsg: object({ message: TEXT, code: INTEGER }),
  Problem: object({ type: TEXT, title: TEXT, status: INTEGER, detail: TEXT, code: TEXT, requestId: TEXT }, [
    'type',
    'title',
    'status',
    'detail',
    'code',
  ]),
  Uri: object({ uri: URI }),
  UriList: object({ 'uri-list': array({ $ref: '#/components/schemas/Uri' }) }),
  InfrastructureState: object(
    {
      state: STATE,
      vm_states: mapOf(STATE),
      reason: { ...TEXT, description: 'Only with `reasons`; absent for `configured`.' },
      vm_reasons: { ...mapOf(TEXT), description: 'Only with `reasons`, by number of the virtual machine.' },
    },
    ['state', 'vm_states'],
  ),
  Radl: { type: 'array', items: { type: 'object', required: ['class'], properties: { class: RADL_CLASS } } },
  Image: object({ uri: TEXT, name: TEXT }),
  Quotas: mapOf(AMOUNT),
  Estimation: mapOf(
    object({
      cloudType: TEXT,
      cloudEndpoint: TEXT,
      compute: array(
        object(
          {
            cpuCores: { type: 'number' },
            memoryInMegabytes: { type: 'number' },
            diskSizeInGigabytes: { type: 'number' },
            publicIP: INTEGER,
            GPU: INTEGER,
          },
          ['cpuCores', 'memoryInMegabytes'],
        ),
      ),
      storage: array(object({ sizeInGigabytes: { type: 'number' }, type: TEXT }, ['sizeInGigabytes'])),
    }),
  ),
  StatsRow: object({
    creation_date: TEXT,
    tosca_name: TEXT,
    vm_count: INTEGER,
    cpu_count: INTEGER,
    memory_size: INTEGER,
    cloud_type: TEXT,
    cloud_host: TEXT,
    hybrid: BOOLEAN,
    deleted: BOOLEAN,
    im_user: TEXT,
    inf_id: TEXT,
    last_date: TEXT,
  }),
  Operation: object(
    {
      id: TEXT,
      kind: TEXT,
      state: { type: 'string', enum: ['queued', 'running', 'done', 'failed', 'cancelled'] },
      caller: TEXT,
      created: TIME,
      started: TIME,
      finished: TIME,
      error: object({ code: TEXT, message: TEXT }),
      cancelling: { ...BOOLEAN, description: 'It was cancelled and has not ended yet.' },
    },
    ['id', 'kind', 'state', 'caller', 'created'],
  ),
  Failure: object(
    {
      phase: { type: 'string', enum: [...FAILURE_PHASES], description: 'What was being done.' },
      step: INTEGER,
      vm: { type: 'integer', description: 'Number of the machine; absent when it concerns all.' },
      task: { type: 'string', description: 'basic, main_<system> or <configure>_<system>.' },
      recipeTask: { type: 'string', description: 'Name of the task of the recipe.' },
      host: { type: 'string', description: 'Name of the machine in the inventory.' },
      lines: array(TEXT),
      hint: { type: 'string', description: 'What to do about it.' },
    },
    ['phase', 'lines'],
  ),
  FailureReport: object(
    {
      state: STATE,
      configuration: { $ref: '#/components/schemas/Operation' },
      list: array({ $ref: '#/components/schemas/Failure' }),
      left_out: { type: 'integer', description: 'Failures that are not listed because there are too many.' },
    },
    ['state', 'list', 'left_out'],
  ),
  FailureBundle: object(
    {
      format: INTEGER,
      version: TEXT,
      infrastructure: TEXT,
      made: TIME,
      state: STATE,
      failures: array({ $ref: '#/components/schemas/Failure' }),
      failuresLeftOut: INTEGER,
      operations: array({ type: 'object' }),
      radl: TEXT,
      log: TEXT,
      vms: array({ type: 'object' }),
      vmsLeftOut: INTEGER,
    },
    ['format', 'version', 'infrastructure', 'made', 'state', 'failures', 'log', 'vms'],
  ),
  Leftover: object(
    {
      infrastructure: TEXT,
      infrastructure_is: { type: 'string', enum: ['living', 'deleted', 'exported'] },
      kind: TEXT,
      state: { type: 'string', enum: ['intent', 'created', 'deleting', 'abandoned'] },
      cloud: CLOUD,
      provider_id: TEXT,
      token: { ...TEXT, description: 'What it is called or tagged with at the provider.' },
      since: TIME,
    },
    ['infrastructure', 'infrastructure_is', 'kind', 'state', 'cloud', 'token', 'since'],
  ),
  Sweep: object({
    marked: { ...INTEGER, description: 'Machines with our marks, in use and orphans.' },
    orphans: array(
      object(
        {
          cloud: CLOUD,
          provider_id: TEXT,
          token: TEXT,
          infrastructure: TEXT,
          reason: { type: 'string', enum: ['abandoned', 'destroyed', 'not-recorded', 'unknown-infrastructure'] },
          outcome: { ...TEXT, description: '`deleted`, or why not; only for what was named in `delete`.' },
        },
        ['cloud', 'provider_id', 'token', 'infrastructure', 'reason'],
      ),
    ),
    problems: array(object({ cloud: CLOUD, text: TEXT })),
  }),
  Adoption: object({
    cloud: { ...TEXT, description: 'Id of a cloud of the credentials.' },
    machine: { ...TEXT, description: 'Its id at the provider.' },
    system: { ...TEXT, description: 'System of the document that it is one of.' },
  }),
  Revision: object(
    {
      number: INTEGER,
      kind: { type: 'string', enum: ['radl', 'tosca'] },
      operation: { ...TEXT, description: 'Id of the operation that it came with.' },
      created: TIME,
      document: { ...TEXT, description: 'Only where one revision is asked for.' },
    },
    ['number', 'kind', 'operation', 'created'],
  ),
  RestorePlan: object({
    add: { ...mapOf(INTEGER), description: 'Virtual machines to launch, by system.' },
    remove: array(INTEGER),
    reconfigure: BOOLEAN,
    dry_run: BOOLEAN,
  }),
  DesiredState: {
    type: 'object',
    required: ['desiredState'],
    additionalProperties: false,
    properties: { desiredState: { type: 'string', enum: ['STARTED', 'STOPPED'] } },
  },
  DesiredStatePlan: object(
    {
      desiredState: { type: 'string', enum: ['STARTED', 'STOPPED'] },
      change: { ...array(INTEGER), description: 'Virtual machines that are started or stopped.' },
      keep: array(INTEGER),
      dry_run: BOOLEAN,
      operation: { ...TEXT, description: 'Absent when there is nothing to do, and in a dry run.' },
    },
    ['desiredState', 'change', 'keep', 'dry_run'],
  ),
  NewOwner: {
    type: 'object',
    properties: { type: TEXT, username: TEXT, password: TEXT, token: TEXT },
    anyOf: [{ required: ['username'] }, { required: ['token'] }],
    description: 'username and password, or token.',
  },
};

/** A schema of {@link COMPONENTS}. */
export const ref = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` });
