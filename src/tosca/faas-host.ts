// SPDX-License-Identifier: Apache-2.0
// The OSCAR node that a function runs on, when the document has one (spec tosca 8.13).
import { evaluate } from './evaluate.js';
import { findAlongHosts, hostOf } from './graph.js';
import { pythonText } from './python-text.js';
import { ownedBy, type Scope } from './scope.js';
import type { NodeTemplate } from './template.js';
import { isTruthy, type Value } from './value.js';

const SOFTWARE = 'tosca.nodes.SoftwareComponent';

/** OSCAR and its machine. */
export interface FaasHost {
  readonly software: NodeTemplate;
  readonly compute: NodeTemplate;
}

/** What hosts the function; undefined for functions of a cluster that is there already. */
export function faasHost(node: NodeTemplate, { template }: Scope): FaasHost | undefined {
  const software = findAlongHosts(template, node, ({ rootType }) => rootType === SOFTWARE);
  const compute = hostOf(template, node);
  return software === undefined || compute === undefined ? undefined : { software, compute };
}

/** An evaluated property of the OSCAR node. */
export function faasHostProperty(software: NodeTemplate, name: string, scope: Scope): Value {
  return evaluate(software.properties.get(name) ?? null, ownedBy(scope, software));
}

/** The DNS name of the OSCAR node; `''`, quotes included, is its default and means none. */
export function faasDnsHost(node: NodeTemplate, scope: Scope): string | undefined {
  const host = faasHost(node, scope);
  const name = host === undefined ? null : faasHostProperty(host.software, 'dns_host', scope);
  return isTruthy(name) && name !== "''" ? pythonText(name) : undefined;
}
