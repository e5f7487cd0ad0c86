// SPDX-License-Identifier: Apache-2.0
// What a project uses and may use (openstack.md §8).
import { ImError } from '../../domain/index.js';
import type { Quotas } from '../connector.js';
import { asNumber, asRecord, asText, type JsonRecord } from '../shared/json-reader.js';
import { statusOf } from './errors.js';
import type { Site } from './site.js';

const MIB_PER_GIB = 1024;

/** One amount. */
interface Amount {
  readonly used: number;
  readonly limit: number;
}

/** Amounts of the compute service, and of the others as far as they answer. */
export async function quotas(site: Site, signal: AbortSignal): Promise<Quotas> {
  const project = await projectId(site, signal);
  const nova = await site.nova.quotas(project, signal);
  const [neutron, cinder] = await Promise.all([
    optional(site, 'network', () => site.neutron.quotas(project, signal)),
    optional(site, 'volume', async () =>
      (await site.cinder.isThere(signal)) ? site.cinder.quotas(project, signal) : {},
    ),
  ]);
  const ram = amount(nova.ram);
  const named: readonly (readonly [string, Amount | undefined])[] = [
    ['cores', amount(nova.cores)],
    ['ram', ram && { used: ram.used / MIB_PER_GIB, limit: ram.limit < 0 ? -1 : ram.limit / MIB_PER_GIB }],
    ['instances', amount(nova.instances)],
    ['floating_ips', amount(neutron.floatingip) ?? amount(nova.floating_ips)],
    ['security_groups', amount(neutron.security_group) ?? amount(nova.security_groups)],
    ['volumes', amount(cinder.volumes)],
    ['volume_storage', amount(cinder.gigabytes)],
  ];
  return Object.fromEntries(named.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
}

/** Nova and Cinder say `in_use`, Neutron `used`; all count what is being made as used. -1 = unlimited. */
function amount(value: unknown): Amount | undefined {
  const { in_use: inUse, used, reserved, limit } = asRecord(value);
  const limitNumber = asNumber(limit);
  if (limitNumber === undefined) return undefined;
  return {
    used: (asNumber(inUse) ?? asNumber(used) ?? 0) + (asNumber(reserved) ?? 0),
    limit: Math.max(limitNumber, -1),
  };
}

/** The item's project, else that of the token, else the user's project of the item's name. */
async function projectId(site: Site, signal: AbortSignal): Promise<string> {
  const { credential } = site.session;
  if (credential.projectId !== undefined) return credential.projectId;
  const token = await site.session.token(signal);
  if (token.projectId !== '') return token.projectId;
  const name = site.cloud.item.tenant ?? '';
  const projects = token.userId === '' ? [] : await site.session.keystone.userProjects(token, signal);
  const found = projects.find((project) => project.name === name || project.id === name);
  const id = asText(found?.id) || name;
  if (id === '') {
    throw new ImError('provider', `The project of cloud ${site.cloud.id} is not known: set tenant_id.`);
  }
  return id;
}

async function optional(site: Site, service: string, ask: () => Promise<JsonRecord>): Promise<JsonRecord> {
  try {
    return await ask();
  } catch (error) {
    if (statusOf(error) === undefined) throw error;
    site.environment.logger.debug(`The ${service} service tells no quotas: ${String(error)}`);
    return {};
  }
}
