// SPDX-License-Identifier: Apache-2.0
// Containers: their names, their runtime, and the networks of their ports (spec tosca 8.13).
import { evaluate } from './evaluate.js';
import { findAlongHosts } from './graph.js';
import { portText } from './outports-text.js';
import { pythonText } from './python-text.js';
import { ownedBy, type Scope } from './scope.js';
import type { NodeTemplate, Template } from './template.js';
import { asList, asMap, isTruthy, type Value } from './value.js';

/** Type of what containers run in. */
const DOCKER_RUNTIME = 'tosca.nodes.Container.Runtime.Docker';

const NOT_IN_NAMES = /[!"#$%&'()*+,/:;<=>?@[\]^`{|}~_ ]/g;

/** The node's name as names of Kubernetes allow it. */
function containerBaseName(node: NodeTemplate): string {
  return node.name.replaceAll(NOT_IN_NAMES, '-');
}

/** Name of the system of a container: stays the same for the life of the document. */
export function containerSystemName(template: Template, node: NodeTemplate): string {
  return `${containerBaseName(node)}-${template.documentId.slice(0, 8)}`;
}

/** The group of a container: by its name, or by that of a document whose identity was lost (as grycap/im does). */
export function containerGroup(
  groups: ReadonlyMap<string, unknown>,
  template: Template,
  node: NodeTemplate,
): string | undefined {
  const name = containerSystemName(template, node);
  if (groups.has(name)) return name;
  const prefix = `${containerBaseName(node)}-`;
  return [...groups.keys()].find(
    (group) => group.startsWith(prefix) && /^[0-9a-f]{8}$/.test(group.slice(prefix.length)),
  );
}

/** Evaluated properties of the runtime of a container. */
export function runtimeProperties(node: NodeTemplate, scope: Scope): ReadonlyMap<string, Value> {
  const runtime = findAlongHosts(scope.template, node, ({ type }) => type === DOCKER_RUNTIME);
  const values = new Map<string, Value>();
  for (const [name, written] of runtime?.capabilities.get('host')?.values ?? []) {
    values.set(name, evaluate(written, runtime === undefined ? scope : ownedBy(scope, runtime)));
  }
  return values;
}

/** A network made for the ports of a container. */
export interface ContainerNetwork {
  readonly id: string;
  readonly system: string;
  readonly isPublic: boolean;
  readonly ports: readonly { readonly remote: string; readonly local: string; readonly text: string }[];
  /** Ingress endpoint of the first port; empty when there is none. */
  readonly dnsName: string;
}

/** The networks in order of the properties. @throws ToscaError for ports without number */
export function containerNetworks(node: NodeTemplate, scope: Scope): readonly ContainerNetwork[] {
  const system = containerSystemName(scope.template, node);
  const networks: ContainerNetwork[] = [];
  for (const [name, value] of runtimeProperties(node, scope)) {
    const isPublic = name === 'publish_ports';
    if ((!isPublic && name !== 'expose_ports') || !isTruthy(value)) continue;
    const specs = asList(value);
    const endpoint = asMap(specs[0]).get('endpoint');
    networks.push({
      id: `${system}_${isPublic ? 'pub' : 'priv'}`,
      system,
      isPublic,
      ports: specs.map((spec) => containerPort(spec, isPublic)),
      dnsName: isPublic && isTruthy(endpoint) ? pythonText(endpoint) : '',
    });
  }
  return networks;
}

/** In published ports a side that is not given is 0: Kubernetes chooses. */
function containerPort(spec: Value, isPublic: boolean): ContainerNetwork['ports'][number] {
  const source = asMap(spec).get('source');
  const target = asMap(spec).get('target');
  const absent = isPublic ? 0 : null;
  const remote = isTruthy(source) ? source : (absent ?? target);
  const local = isTruthy(target) ? target : (absent ?? source);
  return { remote: pythonText(remote), local: pythonText(local), text: portText(spec, isPublic ? '0' : undefined) };
}
