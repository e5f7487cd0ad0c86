// SPDX-License-Identifier: Apache-2.0
// What the engine says, as typed values: containers, networks, services, tasks.
import { asNumber, asRecord, asRecords, asText, asTextMap, asTexts, type JsonRecord } from '../shared/json-reader.js';

/** Texts of the engine become reasons that people read. */
const LONGEST_DETAIL = 500;

/** A port of a node and where it is published. */
export interface PublishedPort {
  readonly protocol: string;
  readonly localPort: number;
  readonly hostPort: number;
}

/** A container, from the list or from an inspection. */
export interface ContainerView {
  readonly id: string;
  readonly name: string;
  /** Word of the engine: created, running, exited... */
  readonly status: string;
  /** Why it is in that state, for people; may be empty. */
  readonly detail: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly ports: readonly PublishedPort[];
  /** Addresses by network name; empty addresses are left out. */
  readonly addresses: ReadonlyMap<string, readonly string[]>;
  /** Names of all networks that it is attached to. */
  readonly networks: readonly string[];
}

/** A network. */
export interface NetworkView {
  readonly id: string;
  readonly name: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly subnets: readonly string[];
  readonly gateways: readonly string[];
}

/** A Swarm service. */
export interface ServiceView {
  readonly id: string;
  readonly name: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly environment: readonly string[];
  readonly ports: readonly PublishedPort[];
  /** Virtual addresses by network id. */
  readonly addresses: ReadonlyMap<string, readonly string[]>;
}

/** A task of a Swarm service: one try to run its container. */
export interface TaskView {
  readonly serviceId: string;
  readonly state: string;
  readonly error: string;
}

/** The parts of an engine's self-description that matter here. */
export interface EngineInfo {
  readonly isSwarm: boolean;
  readonly cpuCount: number;
  readonly volumeDrivers: readonly string[];
}

/** Reads an element of `GET /containers/json`. */
export function listedContainer(value: JsonRecord): ContainerView {
  const ports = asRecords(value.Ports).flatMap((port) =>
    publishedPort(asText(port.Type), asNumber(port.PrivatePort), asNumber(port.PublicPort)),
  );
  return {
    id: asText(value.Id),
    name: (asTexts(value.Names)[0] ?? '').replace(/^\//, ''),
    status: asText(value.State),
    detail: asText(value.Status).slice(0, LONGEST_DETAIL),
    labels: asTextMap(value.Labels),
    ports: withoutDuplicates(ports),
    ...attachments(value),
  };
}

/** Reads `GET /containers/ID/json`. */
export function inspectedContainer(value: JsonRecord): ContainerView {
  const state = asRecord(value.State);
  const status = asText(state.Status);
  const exitCode = asNumber(state.ExitCode);
  const reasons = [status === 'exited' && exitCode !== undefined ? `exit code ${exitCode}` : '', asText(state.Error)];
  const ports = Object.entries(asRecord(asRecord(value.NetworkSettings).Ports)).flatMap(([key, bindings]) => {
    const [port, protocol = ''] = key.split('/');
    return asRecords(bindings).flatMap((binding) =>
      publishedPort(protocol, asNumber(port), asNumber(binding.HostPort)),
    );
  });
  return {
    id: asText(value.Id),
    name: asText(value.Name).replace(/^\//, ''),
    status,
    detail: reasons
      .filter((reason) => reason !== '')
      .join(', ')
      .slice(0, LONGEST_DETAIL),
    labels: asTextMap(asRecord(value.Config).Labels),
    ports: withoutDuplicates(ports),
    ...attachments(value),
  };
}

/** The list and the inspection describe networks alike. */
function attachments(value: JsonRecord): Pick<ContainerView, 'addresses' | 'networks'> {
  const endpoints = Object.entries(asRecord(asRecord(value.NetworkSettings).Networks));
  const addresses = endpoints.map(([name, endpoint]) => {
    const { IPAddress, GlobalIPv6Address } = asRecord(endpoint);
    return [name, [asText(IPAddress), asText(GlobalIPv6Address)].filter((address) => address !== '')] as const;
  });
  return {
    networks: endpoints.map(([name]) => name),
    addresses: new Map(addresses.filter(([, list]) => list.length > 0)),
  };
}

function publishedPort(
  protocol: string,
  localPort: number | undefined,
  hostPort: number | undefined,
): readonly PublishedPort[] {
  return localPort === undefined || hostPort === undefined || hostPort === 0
    ? []
    : [{ protocol: protocol.toLowerCase(), localPort, hostPort }];
}

/** The engine tells a port once per address family. */
function withoutDuplicates(ports: readonly PublishedPort[]): readonly PublishedPort[] {
  const byKey = new Map(ports.map((port) => [`${port.localPort}/${port.protocol}/${port.hostPort}`, port]));
  return [...byKey.values()];
}

/** Reads a network, listed or inspected. */
export function network(value: JsonRecord): NetworkView {
  const pools = asRecords(asRecord(value.IPAM).Config);
  return {
    id: asText(value.Id),
    name: asText(value.Name),
    labels: asTextMap(value.Labels),
    subnets: pools.map((pool) => asText(pool.Subnet)).filter((subnet) => subnet !== ''),
    gateways: pools.map((pool) => asText(pool.Gateway)).filter((gateway) => gateway !== ''),
  };
}

/** Reads a service, listed or inspected. */
export function service(value: JsonRecord): ServiceView {
  const spec = asRecord(value.Spec);
  const endpoint = asRecord(value.Endpoint);
  const addresses = new Map<string, readonly string[]>();
  for (const virtualIp of asRecords(endpoint.VirtualIPs)) {
    const [address = ''] = asText(virtualIp.Addr).split('/');
    const networkId = asText(virtualIp.NetworkID);
    if (address !== '') addresses.set(networkId, [...(addresses.get(networkId) ?? []), address]);
  }
  return {
    id: asText(value.ID),
    name: asText(spec.Name),
    labels: asTextMap(spec.Labels),
    environment: asTexts(asRecord(asRecord(spec.TaskTemplate).ContainerSpec).Env),
    ports: asRecords(endpoint.Ports).flatMap((port) =>
      publishedPort(asText(port.Protocol), asNumber(port.TargetPort), asNumber(port.PublishedPort)),
    ),
    addresses,
  };
}

/** Reads an element of `GET /tasks`. */
export function task(value: JsonRecord): TaskView {
  const status = asRecord(value.Status);
  return {
    serviceId: asText(value.ServiceID),
    state: asText(status.State),
    error: asText(status.Err).slice(0, LONGEST_DETAIL),
  };
}

/** Reads `GET /info`. */
export function engineInfo(value: JsonRecord): EngineInfo {
  return {
    isSwarm: asText(asRecord(value.Swarm).LocalNodeState) === 'active',
    cpuCount: asNumber(value.NCPU) ?? 0,
    volumeDrivers: asTexts(asRecord(value.Plugins).Volume),
  };
}
