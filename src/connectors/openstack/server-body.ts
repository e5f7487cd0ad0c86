// SPDX-License-Identifier: Apache-2.0
// What the create call says of a new server: its name and metadata carry the launch token (openstack.md §3.4, design/idempotency.md).
import { credentials } from '../../radl/index.js';
import type { LaunchRequest, LaunchVm } from '../connector.js';
import { cloudInit } from '../shared/cloud-init.js';
import { systemOf } from '../shared/first-system.js';
import { instanceName } from '../shared/instance-name.js';
import type { JsonRecord } from '../shared/json-reader.js';
import { instanceTags } from '../shared/tags.js';
import type { Disks } from './block-devices.js';
import type { NetworkPlan } from './network-plan.js';
import type { VmPort } from './ports.js';
import { META_INFRASTRUCTURE, META_LAUNCH, META_VM, type Site } from './site.js';
import type { Flavor } from './views.js';

/** What all servers of a launch have in common. */
export interface ServerPlan {
  readonly networks: NetworkPlan;
  readonly flavor: Flavor;
  readonly disks: Disks;
  /** Security groups, ids. */
  readonly groups: readonly string[];
}

const LONGEST_METADATA = 255;
const LONGEST_NAME = 255;

/** Name of a server: the token at its end makes it findable, and infrastructures recognisable for administrators. */
export function serverName(request: LaunchRequest, vm: LaunchVm): string {
  const name = instanceName(systemOf(request.concrete));
  return `${name.slice(0, LONGEST_NAME - vm.token.length - 1)}-${vm.token}`;
}

/** The body of the create call. */
export function serverBody(
  site: Site,
  request: LaunchRequest,
  vm: LaunchVm,
  plan: ServerPlan,
  ports: readonly VmPort[],
): JsonRecord {
  const system = systemOf(plan.networks.document);
  const { username = '', publicKey } = credentials(system);
  const userData = cloudInit(plan.networks.document, { username, publicKey }, vm.callHome);
  const zone = system.features.getText('availability_zone') ?? '';
  return {
    name: serverName(request, vm),
    flavorRef: plan.flavor.id,
    imageRef: plan.disks.imageRef,
    block_device_mapping_v2: plan.disks.blockDevices,
    networks: ports.length === 0 ? 'none' : ports.map(({ port }) => ({ port: port.id })),
    metadata: metadata(site, request, vm),
    ...(userData !== undefined && { user_data: Buffer.from(userData).toString('base64') }),
    ...(zone !== '' && { availability_zone: zone }),
  };
}

/** Tags of the user and of the configuration as far as the cloud takes them, and ours, which nothing can replace. */
function metadata(site: Site, request: LaunchRequest, vm: LaunchVm): Readonly<Record<string, string>> {
  const { username, infrastructureId, serviceUrl } = request;
  const tags = instanceTags(
    systemOf(request.concrete),
    { username, infrastructureId, serviceUrl },
    site.environment.settings,
  );
  const clean = new Map<string, string>();
  for (const [key, value] of tags) {
    const cleanKey = key.replace(/[^A-Za-z0-9_.: -]/g, '_').slice(0, LONGEST_METADATA);
    const cleanValue = value.slice(0, LONGEST_METADATA);
    if (cleanKey !== key || cleanValue !== value) {
      site.environment.logger.warn(`Tag ${key} is changed to what OpenStack takes as metadata: ${cleanKey}.`, {
        infId: infrastructureId,
      });
    }
    clean.set(cleanKey, cleanValue);
  }
  return {
    ...Object.fromEntries(clean),
    [META_INFRASTRUCTURE]: infrastructureId,
    [META_VM]: String(vm.number),
    [META_LAUNCH]: vm.token,
  };
}
