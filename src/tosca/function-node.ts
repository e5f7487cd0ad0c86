// SPDX-License-Identifier: Apache-2.0
// Functions: of an OSCAR in the same document, or of a cluster that is there already (spec tosca 8.13).
import { Features } from '../radl/index.js';
import { ToscaError } from './error.js';
import { type FaasHost, faasDnsHost, faasHost, faasHostProperty } from './faas-host.js';
import { addFunctionFeatures } from './function-features.js';
import { functionService } from './function-service.js';
import { hostOf, isOfType, relationshipsOf } from './graph.js';
import { currentVms, removeVms, wantedInstances } from './instances.js';
import { placementOf } from './placement.js';
import { pythonText } from './python-text.js';
import { put } from './radl-feature.js';
import type { NodeTemplate } from './template.js';
import { propertyOf, type Translation } from './translation.js';

const DEPENDS_ON = 'tosca.relationships.DependsOn';

/** Adds a recipe, or a system with its deploy, or removals. @throws ToscaError when the node cannot be translated */
export function addFunction(translation: Translation, node: NodeTemplate): void {
  const wanted = wantedInstances(translation, node);
  if (wanted > 1) throw new ToscaError(`Scalability values of ${node.rootType} only allows 0 or 1.`);
  const host = faasHost(node, translation.scope);
  if (host !== undefined) addHosted(translation, node, host, wanted);
  else addStandalone(translation, node, wanted);
}

/** A recipe on the machine of OSCAR that creates or deletes the service. */
function addHosted(
  translation: Translation,
  node: NodeTemplate,
  { software, compute }: FaasHost,
  wanted: number,
): void {
  const { builder, steps, scope } = translation;
  const name = `oscar_${node.name}`;
  const dnsHost = faasDnsHost(node, scope);
  const endpoint = dnsHost === undefined ? 'http://{{ IM_NODE_PUBLIC_IP }}' : `https://${dnsHost}`;
  const password = pythonText(faasHostProperty(software, 'password', scope));
  const last =
    wanted > 0
      ? `oscar_service_json: ${singleQuoted(functionService(translation, node))}`
      : `oscar_service_name: ${singleQuoted(pythonText(propertyOf(translation, node, 'name')))}`;
  const recipe = [
    '  - tasks:',
    `    - include_tasks: utils/tasks/${wanted > 0 ? 'oscar_function.yml' : 'del_oscar_function.yml'}`,
    '      vars:',
    `        oscar_endpoint: ${JSON.stringify(endpoint)}`,
    '        oscar_username: "oscar"',
    `        oscar_password: ${JSON.stringify(password)}`,
    `        ${last}`,
    '',
  ].join('\n');
  builder.addConfigure(name, recipe);
  builder.addItem(compute.name, name, steps.get(node.name) ?? 1);
}

function singleQuoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** A function that a connector of functions creates. */
function addStandalone(translation: Translation, node: NodeTemplate, wanted: number): void {
  const { builder, steps } = translation;
  const vms = currentVms(translation, node.name);
  if (wanted < vms.length) {
    removeVms(translation, node, vms, vms.length - wanted);
    return;
  }
  if (wanted === 0) return;
  const features = Features.of();
  addFunctionFeatures(translation, node, features);
  const dependencies = dependenciesOf(translation, node);
  if (dependencies.length > 0) put(features, 'dependencies', dependencies);
  builder.addSystem(node.name, features);
  builder.addConfigure(node.name, null);
  builder.addItem(node.name, node.name, steps.get(node.name) ?? 1);
  if (wanted > vms.length)
    builder.addDeploy(node.name, wanted - vms.length, placementOf(translation, node.name, 'cloud_id'));
}

/** Hosts of the nodes that the function depends on. */
function dependenciesOf({ template }: Translation, node: NodeTemplate): readonly string[] {
  return relationshipsOf(template, node)
    .filter((relationship) => isOfType(template, relationship, DEPENDS_ON))
    .map(({ target }) => hostOf(template, target)?.name ?? target.name);
}
