// SPDX-License-Identifier: Apache-2.0
// The import table of the house (docs/architecture.md): which room may import which.

/** How far a permission goes. */
export type Permission =
  | 'all'
  /** Types only: nothing remains at run time. */
  | 'types'
  /** Of the connectors: the files directly in the room, except the registry. */
  | 'contract'
  /** Of the connectors: the files directly in the room. */
  | 'contract and registry';

/** What each room may import, besides itself. A room that is not here may import everything. */
export const ROOMS: ReadonlyMap<string, Readonly<Record<string, Permission>>> = new Map<
  string,
  Readonly<Record<string, Permission>>
>([
  ['util', {}],
  ['yaml', {}],
  ['config', { util: 'all' }],
  ['fetch', { util: 'all' }],
  ['radl', { yaml: 'all' }],
  ['tosca', { radl: 'all', util: 'all', yaml: 'all' }],
  ['fetch', { util: 'all' }],
  ['domain', { radl: 'all', util: 'all', yaml: 'all' }],
  ['auth', { domain: 'all', config: 'all', util: 'all', yaml: 'all' }],
  ['store', { domain: 'all', radl: 'all', util: 'all', yaml: 'all' }],
  ['connectors', { domain: 'all', radl: 'all', util: 'all', yaml: 'all' }],
  ['placement', { domain: 'all', radl: 'all', connectors: 'contract', util: 'all', yaml: 'all' }],
  ['ssh', { util: 'all', yaml: 'all' }],
  ['contextualization', { domain: 'all', radl: 'all', ssh: 'all', util: 'all', yaml: 'all' }],
  [
    'operations',
    {
      domain: 'all',
      store: 'all',
      connectors: 'contract and registry',
      placement: 'all',
      contextualization: 'all',
      ssh: 'types',
      radl: 'all',
      util: 'all',
      yaml: 'all',
    },
  ],
  [
    'manager',
    {
      config: 'all',
      radl: 'all',
      tosca: 'all',
      domain: 'all',
      auth: 'all',
      store: 'all',
      connectors: 'contract and registry',
      placement: 'all',
      operations: 'all',
      contextualization: 'all',
      ssh: 'all',
      util: 'all',
      yaml: 'all',
    },
  ],
  [
    'api',
    { manager: 'all', auth: 'all', domain: 'all', radl: 'all', observability: 'types', util: 'all', yaml: 'all' },
  ],
  ['observability', { util: 'all', yaml: 'all' }],
]);

/** The composition root and the admin tool: may import everything and is imported by nobody else. */
export const ROOT_ROOMS: ReadonlySet<string> = new Set(['main', 'daemon', 'settings', 'process-life', 'admin']);

/** Rooms made of parts that do not import each other; what the parts share lies in `shared` or directly in the room. */
export const PARTITIONED_ROOMS: ReadonlyMap<string, string> = new Map([
  ['connectors', 'a connector never imports another connector'],
  ['api', 'an API never imports another API'],
]);

/** Packages that only one room may use. */
export const RESERVED_PACKAGES: ReadonlyMap<string, string> = new Map([
  ['winston', 'observability'],
  ['winston-transport', 'observability'],
  ['prom-client', 'observability'],
]);
