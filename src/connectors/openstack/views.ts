// SPDX-License-Identifier: Apache-2.0
// What the connector reads of OpenStack's objects. Fields that are missing or of another type are empty, so odd answers break nothing.
import { asNumber, asRecord, asRecords, asText, asTextMap, asTexts, type JsonRecord } from '../shared/json-reader.js';

/** An address of a server. */
export interface ServerAddress {
  readonly address: string;
  /** Name of the network. */
  readonly network: string;
  readonly isFloating: boolean;
}

/** Sizes of a server, as far as the service says them inline. */
export interface ServerSize {
  /** Id of the flavor; empty with newer microversions. */
  readonly flavorId: string;
  /** Name of the flavor; empty with older microversions. */
  readonly flavorName: string;
}

/** A server of the compute service. */
export interface ServerView {
  readonly id: string;
  readonly name: string;
  /** Upper case. */
  readonly status: string;
  readonly vmState: string;
  readonly taskState: string;
  readonly faultMessage: string;
  readonly metadata: ReadonlyMap<string, string>;
  readonly addresses: readonly ServerAddress[];
  readonly size: ServerSize;
  /** Ids, in the order of the answer. */
  readonly volumes: readonly string[];
  readonly availabilityZone: string;
}

export function serverView(server: JsonRecord): ServerView {
  const flavor = asRecord(server.flavor);
  const addresses = Object.entries(asRecord(server.addresses)).flatMap(([network, list]) =>
    asRecords(list).map((entry) => ({
      address: asText(entry.addr),
      network,
      isFloating: entry['OS-EXT-IPS:type'] === 'floating',
    })),
  );
  return {
    id: asText(server.id),
    name: asText(server.name),
    status: asText(server.status).toUpperCase(),
    vmState: asText(server['OS-EXT-STS:vm_state']),
    taskState: asText(server['OS-EXT-STS:task_state']),
    faultMessage: asText(asRecord(server.fault).message),
    metadata: asTextMap(server.metadata),
    addresses,
    size: { flavorId: asText(flavor.id), flavorName: asText(flavor.original_name) },
    volumes: asRecords(server['os-extended-volumes:volumes_attached']).map(({ id }) => asText(id)),
    availabilityZone: asText(server['OS-EXT-AZ:availability_zone']),
  };
}

/** A flavor: a size that servers can have. */
export interface Flavor {
  readonly id: string;
  readonly name: string;
  readonly vcpus: number;
  readonly ramMib: number;
  readonly diskGb: number;
  readonly ephemeralGb: number;
  readonly isDisabled: boolean;
  readonly extraSpecs: ReadonlyMap<string, string>;
}

export function flavorView(flavor: JsonRecord): Flavor {
  return {
    id: asText(flavor.id),
    name: asText(flavor.name),
    vcpus: asNumber(flavor.vcpus) ?? 0,
    ramMib: asNumber(flavor.ram) ?? 0,
    diskGb: asNumber(flavor.disk) ?? 0,
    ephemeralGb: asNumber(flavor['OS-FLV-EXT-DATA:ephemeral']) ?? 0,
    isDisabled: flavor['OS-FLV-DISABLED:disabled'] === true,
    extraSpecs: asTextMap(flavor.extra_specs),
  };
}

/** A network of Neutron. */
export interface NetworkView {
  readonly id: string;
  readonly name: string;
  readonly isExternal: boolean;
  readonly isShared: boolean;
  readonly isDefault: boolean;
  /** Security groups cannot be used where it is off. */
  readonly hasPortSecurity: boolean;
  readonly projectId: string;
  readonly description: string;
  readonly tags: readonly string[];
  readonly subnets: readonly string[];
}

export function networkView(network: JsonRecord): NetworkView {
  return {
    id: asText(network.id),
    name: asText(network.name),
    isExternal: network['router:external'] === true,
    isShared: network.shared === true,
    isDefault: network.is_default === true,
    hasPortSecurity: network.port_security_enabled !== false,
    projectId: asText(network.project_id) || asText(network.tenant_id),
    description: asText(network.description),
    tags: asTexts(network.tags),
    subnets: asTexts(network.subnets),
  };
}

/** A subnet. */
export interface SubnetView {
  readonly id: string;
  readonly name: string;
  readonly networkId: string;
  readonly cidr: string;
  readonly hostRoutes: readonly { readonly destination: string; readonly nexthop: string }[];
}

export function subnetView(subnet: JsonRecord): SubnetView {
  return {
    id: asText(subnet.id),
    name: asText(subnet.name),
    networkId: asText(subnet.network_id),
    cidr: asText(subnet.cidr),
    hostRoutes: asRecords(subnet.host_routes).map((route) => ({
      destination: asText(route.destination),
      nexthop: asText(route.nexthop),
    })),
  };
}

/** A router. */
export interface RouterView {
  readonly id: string;
  readonly name: string;
  /** Network of its gateway; empty without one. */
  readonly externalNetworkId: string;
}

export function routerView(router: JsonRecord): RouterView {
  return {
    id: asText(router.id),
    name: asText(router.name),
    externalNetworkId: asText(asRecord(router.external_gateway_info).network_id),
  };
}

/** A port. */
export interface PortView {
  readonly id: string;
  readonly name: string;
  readonly networkId: string;
  /** Server or router that has it; empty when it is free. */
  readonly deviceId: string;
  readonly deviceOwner: string;
  readonly addresses: readonly { readonly subnetId: string; readonly address: string }[];
}

export function portView(port: JsonRecord): PortView {
  return {
    id: asText(port.id),
    name: asText(port.name),
    networkId: asText(port.network_id),
    deviceId: asText(port.device_id),
    deviceOwner: asText(port.device_owner),
    addresses: asRecords(port.fixed_ips).map((entry) => ({
      subnetId: asText(entry.subnet_id),
      address: asText(entry.ip_address),
    })),
  };
}

/** A floating IP address. */
export interface FloatingIpView {
  readonly id: string;
  readonly address: string;
  readonly networkId: string;
  /** Empty when it is free. */
  readonly portId: string;
  /** Server behind the port, where Neutron tells it. */
  readonly deviceId: string;
  readonly description: string;
  /** Counts changes, where Neutron tells it. */
  readonly revision?: number;
}

export function floatingIpView(floatingIp: JsonRecord): FloatingIpView {
  const revision = asNumber(floatingIp.revision_number);
  return {
    ...(revision !== undefined && { revision }),
    id: asText(floatingIp.id),
    address: asText(floatingIp.floating_ip_address),
    networkId: asText(floatingIp.floating_network_id),
    portId: asText(floatingIp.port_id),
    deviceId: asText(asRecord(floatingIp.port_details).device_id),
    description: asText(floatingIp.description),
  };
}

/** A rule of a security group. */
export interface SecurityRuleView {
  readonly id: string;
  readonly direction: string;
  readonly etherType: string;
  readonly protocol: string;
  readonly firstPort: number | null;
  readonly lastPort: number | null;
  readonly remoteCidr: string;
  readonly remoteGroupId: string;
}

/** A security group with its rules. */
export interface SecurityGroupView {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly rules: readonly SecurityRuleView[];
}

export function securityGroupView(group: JsonRecord): SecurityGroupView {
  return {
    id: asText(group.id),
    name: asText(group.name),
    description: asText(group.description),
    rules: asRecords(group.security_group_rules).map((rule) => ({
      id: asText(rule.id),
      direction: asText(rule.direction),
      etherType: asText(rule.ethertype),
      protocol: asText(rule.protocol),
      firstPort: asNumber(rule.port_range_min) ?? null,
      lastPort: asNumber(rule.port_range_max) ?? null,
      remoteCidr: asText(rule.remote_ip_prefix),
      remoteGroupId: asText(rule.remote_group_id),
    })),
  };
}

/** A volume. */
export interface VolumeView {
  readonly id: string;
  readonly name: string;
  readonly status: string;
  readonly sizeGb: number;
  readonly type: string;
  readonly metadata: ReadonlyMap<string, string>;
  /** Of the first attachment: `/dev/vdb`. */
  readonly device: string;
}

export function volumeView(volume: JsonRecord): VolumeView {
  return {
    id: asText(volume.id),
    name: asText(volume.name),
    status: asText(volume.status),
    sizeGb: asNumber(volume.size) ?? 0,
    type: asText(volume.volume_type),
    metadata: asTextMap(volume.metadata),
    device: asText(asRecords(volume.attachments)[0]?.device),
  };
}

/** An image. */
export interface ImageView {
  readonly id: string;
  readonly name: string;
  readonly status: string;
  readonly distribution: string;
  readonly version: string;
  /** Volume snapshots that an image of a volume-booted server stands for. */
  readonly snapshotIds: readonly string[];
}

export function imageView(image: JsonRecord): ImageView {
  return {
    id: asText(image.id),
    name: asText(image.name),
    status: asText(image.status),
    distribution: asText(image.os_distro),
    version: asText(image.os_version),
    snapshotIds: snapshotIds(image.block_device_mapping),
  };
}

/** The property is JSON in a text. */
function snapshotIds(mapping: unknown): readonly string[] {
  let parsed = mapping;
  if (typeof mapping === 'string') {
    try {
      parsed = JSON.parse(mapping);
    } catch {
      return [];
    }
  }
  return asRecords(parsed)
    .map((entry) => asText(entry.snapshot_id))
    .filter((id) => id !== '');
}
