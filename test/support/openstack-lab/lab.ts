// SPDX-License-Identifier: Apache-2.0
// The running OpenStack lab as tests see it: credentials, an administrator's view of what exists, and what is left of an infrastructure.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Context } from 'mocha';
import { cloudsOf } from '../../../src/auth/clouds.js';
import { type CloudConnector, type ConnectorSettings, createConnectorRegistry } from '../../../src/connectors/index.js';
import { openStackType } from '../../../src/connectors/openstack/connector.js';
import type { AuthItem } from '../../../src/domain/index.js';
import type { Logger } from '../../../src/util/logger.js';
import { connectorEnvironment } from '../../connectors/support.js';

/** Services of the lab. */
export type LabService = 'keystone' | 'placement' | 'glance' | 'nova' | 'neutron' | 'cinder';

interface LabFile {
  readonly ports: Readonly<Record<LabService, number>>;
  readonly projects: Readonly<Record<'tenant' | 'other' | 'service' | 'admin', string>>;
  readonly user: string;
  readonly private: string;
  readonly private2: string;
  /** Leads to the default way out. */
  readonly router2: string;
  readonly external: string;
  readonly external2: string;
  readonly 'debian-12': string;
  readonly 'ubuntu-22.04-x86': string;
}

let known: LabFile | undefined;

/** Facts of the lab that IM_OPENSTACK_LAB names. */
export function labFile(): LabFile {
  const directory = process.env.IM_OPENSTACK_LAB ?? '';
  if (directory === '') throw new Error('IM_OPENSTACK_LAB names no lab: run npm run test:openstack');
  known ??= JSON.parse(readFileSync(join(directory, 'lab.json'), 'utf8')) as LabFile;
  return known;
}

/** For `before` hooks: skips loudly when no lab runs. */
export function needLab(context: Context): void {
  if ((process.env.IM_OPENSTACK_LAB ?? '') !== '') return;
  if (process.env.IM_TEST_PEERS === 'all') labFile();
  console.warn('**** NOT RUN: no OpenStack lab (npm run test:openstack) ****');
  context.skip();
}

/** Address of a service. */
export const labUrl = (service: LabService): string => `http://127.0.0.1:${labFile().ports[service]}`;

/** URL of an image of the lab. */
export const labImage = (name: 'debian-12' | 'ubuntu-22.04-x86' = 'debian-12'): string =>
  `ost://127.0.0.1/${labFile()[name]}`;

/** The item of the ordinary user of project `tenant`. */
export function labItem(parts: AuthItem = {}): AuthItem {
  return {
    type: 'OpenStack',
    id: 'ost',
    host: labUrl('keystone'),
    username: 'user',
    password: 'pass',
    tenant: 'tenant',
    auth_version: '3.x_password',
    ...parts,
  };
}

/** An authorization line of REST for that item. */
export const labAuthorization = (parts: AuthItem = {}): string =>
  Object.entries(labItem(parts))
    .map(([key, value]) => `${key} = ${value}`)
    .join('; ');

/** A connector, as the daemon makes one for each call. */
export function connectLab(
  parts: AuthItem = {},
  options: { readonly settings?: Partial<ConnectorSettings>; readonly logger?: Logger } = {},
): CloudConnector {
  const [cloud] = cloudsOf([labItem(parts)]);
  const environment = connectorEnvironment(options.settings, options.logger);
  return createConnectorRegistry(environment, [openStackType]).connect(cloud!);
}

const tokens = new Map<string, Promise<{ readonly id: string; readonly projectId: string }>>();

async function login(user: string, password: string, project: string): Promise<{ id: string; projectId: string }> {
  const domain = { id: 'default' };
  const response = await fetch(`${labUrl('keystone')}/v3/auth/tokens`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      auth: {
        identity: { methods: ['password'], password: { user: { domain, name: user, password } } },
        scope: { project: { domain, name: project } },
      },
    }),
  });
  if (response.status !== 201) throw new Error(`no token for ${user}: ${await response.text()}`);
  const body = (await response.json()) as { token: { project: { id: string } } };
  return { id: response.headers.get('x-subject-token')!, projectId: body.token.project.id };
}

/** Somebody of the lab. */
export interface LabUser {
  readonly name: string;
  readonly password: string;
  readonly project: string;
}

export const TENANT: LabUser = { name: 'user', password: 'pass', project: 'tenant' };
export const OTHER: LabUser = { name: 'user', password: 'pass', project: 'other' };
export const ADMIN: LabUser = { name: 'admin', password: 'adminpw', project: 'admin' };

/** An object of a service's answer. */
// biome-ignore lint/suspicious/noExplicitAny: answers of six services, looked at by tests only
export type LabObject = any;

/** Calls a service without the connector. @param path behind the version, such as `/servers/detail` */
export async function labCall(
  service: LabService,
  method: string,
  path: string,
  body?: object,
  who: LabUser = TENANT,
): Promise<LabObject> {
  const key = `${who.name} ${who.project}`;
  const token = tokens.get(key) ?? login(who.name, who.password, who.project);
  tokens.set(key, token);
  const { id, projectId } = await token;
  const version = {
    keystone: '/v3',
    placement: '',
    glance: '/v2',
    nova: '/v2.1',
    neutron: '/v2.0',
    cinder: `/v3/${projectId}`,
  };
  const response = await fetch(`${labUrl(service)}${version[service]}${path}`, {
    method,
    headers: { 'x-auth-token': id, 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok && !(method === 'DELETE' && response.status === 404)) {
    throw new Error(`${method} ${service} ${path}: ${response.status} ${text}`);
  }
  return text === '' ? {} : JSON.parse(text);
}

/** What the services hold of an infrastructure. */
export interface LabInventory {
  readonly servers: readonly LabObject[];
  /** `kind name` of everything that is no server. */
  readonly others: readonly string[];
}

/** Looks in every service, as the project's user. */
export async function inventoryOf(infrastructureId: string, who: LabUser = TENANT): Promise<LabInventory> {
  const list = async (service: LabService, path: string, key: string): Promise<readonly LabObject[]> =>
    (await labCall(service, 'GET', path, undefined, who))[key];
  const servers = (await list('nova', '/servers/detail', 'servers')).filter(
    ({ metadata }) => metadata.im_inf === infrastructureId,
  );
  const others: string[] = [];
  for (const [kind, path, key] of [
    ['network', '/networks', 'networks'],
    ['subnet', '/subnets', 'subnets'],
    ['router', '/routers', 'routers'],
    ['port', '/ports', 'ports'],
    ['security group', '/security-groups', 'security_groups'],
    ['floating IP', '/floatingips', 'floatingips'],
  ] as const) {
    for (const item of await list('neutron', path, key)) {
      if (`${item.name ?? ''} ${item.description ?? ''}`.includes(infrastructureId))
        others.push(`${kind} ${item.name ?? item.floating_ip_address}`);
    }
  }
  for (const volume of await list('cinder', '/volumes/detail', 'volumes')) {
    if (
      volume.metadata.im_inf === infrastructureId ||
      volume.attachments.some((attachment: LabObject) => servers.some(({ id }) => id === attachment.server_id))
    ) {
      others.push(`volume ${volume.name}`);
    }
  }
  return { servers, others };
}

/** Everything of an infrastructure as texts; empty when nothing is left. */
export async function leftoversOf(infrastructureId: string, who: LabUser = TENANT): Promise<readonly string[]> {
  const { servers, others } = await inventoryOf(infrastructureId, who);
  return [...servers.map(({ name }) => `server ${name}`), ...others];
}

/** Names of all things in a project, whoever made them, for the comparison of before and after. */
export async function everything(who: LabUser): Promise<readonly string[]> {
  const texts: string[] = [];
  for (const [service, path, key] of [
    ['nova', '/servers', 'servers'],
    ['neutron', '/networks', 'networks'],
    ['neutron', '/subnets', 'subnets'],
    ['neutron', '/routers', 'routers'],
    ['neutron', '/ports', 'ports'],
    ['neutron', '/security-groups', 'security_groups'],
    ['neutron', '/floatingips', 'floatingips'],
    ['cinder', '/volumes', 'volumes'],
    ['cinder', '/snapshots', 'snapshots'],
    ['glance', '/images', 'images'],
  ] as const) {
    for (const item of (await labCall(service, 'GET', path, undefined, who))[key]) {
      texts.push(`${key} ${item.id} ${item.name ?? item.floating_ip_address}`);
    }
  }
  return texts.sort();
}
