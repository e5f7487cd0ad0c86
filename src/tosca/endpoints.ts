// SPDX-License-Identifier: Apache-2.0
// What the endpoints of a machine and of everything on it ask of the network (spec tosca 8.5).
import { portText } from './outports-text.js';
import { pythonText } from './python-text.js';
import type { Capability, NodeTemplate } from './template.js';
import { evaluateIn, propertyOf, type Translation } from './translation.js';
import { asList, isList, isMap, isTruthy, type Value, type ValueMap } from './value.js';

const ENDPOINT = 'tosca.capabilities.Endpoint';

/** The wishes of all endpoints together. */
export interface NetworkWish {
  readonly isPublic: boolean;
  readonly wantsPrivateAddress: boolean;
  /** Provider id of the network; of the private one when there is one. */
  readonly providerId: string | undefined;
  /** Pool of public addresses. */
  readonly pool: string | undefined;
  readonly dnsName: string;
  readonly additionalDnsNames: readonly string[];
  readonly additionalIp: string;
  readonly tls: boolean;
  /** Texts for `outports`. */
  readonly ports: readonly string[];
}

interface HeldEndpoint {
  readonly node: NodeTemplate;
  readonly capability: Capability;
}

/** Endpoints of the software on the machine in document order, then that of the machine itself. */
function endpointsOf(translation: Translation, compute: NodeTemplate): readonly HeldEndpoint[] {
  const held: HeldEndpoint[] = [];
  for (const node of translation.hosted.get(compute.name) ?? []) {
    for (const capability of node.capabilities.values()) {
      if (capability.rootType === ENDPOINT) held.push({ node, capability });
    }
  }
  const own = compute.capabilities.get('endpoint');
  return own === undefined ? held : [...held, { node: compute, capability: own }];
}

/** Reads all endpoints of a machine: of single values the last one counts, ports add up. @throws ToscaError for bad ports */
export function networkWish(translation: Translation, compute: NodeTemplate): NetworkWish {
  const last = new Map<string, Value>();
  const ports: string[] = [];
  const single = new Set<string>();
  for (const { node, capability } of endpointsOf(translation, compute)) {
    const values = new Map<string, Value>();
    for (const [name, written] of capability.values) values.set(name, evaluateIn(translation, node, written));
    for (const [name, value] of values) {
      if (value !== null) last.set(name, value);
    }
    for (const port of portsOf(values, single)) ports.push(port);
  }
  const text = (name: string): string => (isTruthy(last.get(name)) ? pythonText(last.get(name)) : '');
  const named = networkNamed(text('network_name'));
  const names = last.get('additional_dns_names');
  return {
    ...named,
    isPublic: named.isPublic || isTruthy(propertyOf(translation, compute, 'public_ip')),
    wantsPrivateAddress: last.get('private_ip') === undefined || isTruthy(last.get('private_ip')),
    dnsName: text('dns_name'),
    additionalDnsNames: isList(names) ? names.map(pythonText) : [],
    additionalIp: text('additional_ip'),
    tls: isTruthy(last.get('tls')),
    ports,
  };
}

/** The meaning of `network_name`. */
function networkNamed(written: string): Pick<NetworkWish, 'isPublic' | 'providerId' | 'pool'> {
  const cut = written.indexOf(',');
  const pool = cut < 0 ? undefined : (written.slice(cut + 1).split(',', 1)[0] ?? '').trim();
  const name = cut < 0 ? written : written.slice(0, cut).trim();
  const isPublic = pool !== undefined || name === 'PUBLIC' || name.endsWith('.PUBLIC');
  const providerId = name === 'PUBLIC' || name === 'PRIVATE' ? '' : name.replace(/\.(?:PUBLIC|PRIVATE)$/, '');
  return { isPublic, providerId: providerId || undefined, pool: pool || undefined };
}

/** Ports of one endpoint: its map, then its single port, each pair of protocol and single port once per machine. */
function portsOf(values: ReadonlyMap<string, Value>, single: Set<string>): readonly string[] {
  const ports: string[] = [];
  const many = values.get('ports');
  for (const spec of isMap(many) ? many.values() : asList(many)) ports.push(portText(spec));
  const port = values.get('port');
  if (isTruthy(port)) {
    const protocol = isTruthy(values.get('protocol')) ? pythonText(values.get('protocol')) : 'tcp';
    const identity = `${protocol} ${pythonText(port)}`;
    if (!single.has(identity)) ports.push(portText(singlePort(values, protocol)));
    single.add(identity);
  }
  return ports;
}

function singlePort(values: ReadonlyMap<string, Value>, protocol: string): ValueMap {
  return new Map<string, Value>([
    ['protocol', protocol],
    ['source', values.get('port') ?? null],
    ['remote_cidr', values.get('remote_cidr') ?? null],
  ]);
}
