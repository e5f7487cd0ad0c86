// SPDX-License-Identifier: Apache-2.0
// A document translated to RADL, in the order of spec tosca 8.1.
import { Features, type Radl } from '../radl/index.js';
import { ANSIBLE_HOST, addAnsibleHost } from './ansible-host.js';
import { Budget } from './budget.js';
import { addCompute } from './compute-node.js';
import { addConfigure } from './configure.js';
import { containerGroup } from './container-networks.js';
import { addContainer } from './container-node.js';
import { completeNetworks, sortDeploys, splitNetworksByCloud } from './deploy-order.js';
import { ToscaError } from './error.js';
import { addFunction } from './function-node.js';
import { COMPUTE, hostOf, stepsOf } from './graph.js';
import { type InfrastructureView, type VmGroups, vmGroups } from './infrastructure.js';
import { addNetworkNode, NETWORK } from './network-node.js';
import { relationshipOperations } from './operations.js';
import { pythonText } from './python-text.js';
import { put } from './radl-feature.js';
import { FUNCTION, PORT, recipeAttribute } from './recipe-attribute.js';
import type { Scope } from './scope.js';
import { CONTAINER_APPLICATION, type Sources } from './sources.js';
import type { NodeTemplate, Template } from './template.js';
import { RadlBuilder, type Translation } from './translation.js';
import { isTruthy } from './value.js';

/** What a document asks for. */
export interface TranslationResult {
  readonly radl: Radl;
  /** Numbers of the machines to remove, in order. */
  readonly removedVms: readonly number[];
}

/** What a translation works with. */
export interface TranslationInput {
  readonly template: Template;
  readonly sources: Sources;
  readonly infrastructure: InfrastructureView | undefined;
  readonly followsReference: boolean;
}

/** @throws ToscaError with a plain text when something cannot be translated */
export function translate(input: TranslationInput): TranslationResult {
  const translation = prepare(input);
  const { template, builder } = translation;
  const nodes = [...template.nodes.values()];
  for (const node of nodes) {
    if (node.rootType === NETWORK) addNetworkNode(translation, node);
  }
  for (const node of nodes) addNode(translation, node);
  builder.finishContextualize();
  sortDeploys(builder);
  splitNetworksByCloud(translation);
  addDescription(template, builder.radl);
  completeNetworks(builder);
  return { radl: builder.radl, removedVms: translation.removed };
}

function addNode(translation: Translation, node: NodeTemplate): void {
  switch (node.rootType) {
    case NETWORK:
    case PORT:
    case 'tosca.nodes.BlockStorage':
      break;
    case ANSIBLE_HOST:
      addAnsibleHost(translation, node);
      break;
    case FUNCTION:
      addFunction(translation, node);
      break;
    case CONTAINER_APPLICATION:
      addContainer(translation, node);
      break;
    case COMPUTE:
      addCompute(translation, node);
      break;
    default:
      addConfigure(translation, node);
  }
}

function prepare(input: TranslationInput): Translation {
  const { sources, infrastructure, followsReference } = input;
  const groups: VmGroups = infrastructure === undefined ? new Map() : vmGroups(infrastructure);
  const template = withKnownIdentity(input.template, groups);
  const scope: Scope = { template, owner: undefined, attribute: recipeAttribute, budget: new Budget(), depth: 0 };
  const nodes = [...template.nodes.values()];
  return {
    template,
    scope,
    sources,
    builder: new RadlBuilder(),
    infrastructure,
    groups,
    steps: stepsOf(template),
    hosted: hostedNodes(template, nodes),
    positions: new Map(nodes.map(({ name }, index) => [name, index])),
    ports: boundPorts(template, nodes),
    relationshipOperations: relationshipOperations(template),
    followsReference,
    removed: [],
  };
}

/** The identity of the containers that are there, when the document has lost its own: they would all be launched again. */
function withKnownIdentity(template: Template, groups: VmGroups): Template {
  for (const node of template.nodes.values()) {
    if (node.rootType !== CONTAINER_APPLICATION) continue;
    const documentId = containerGroup(groups, template, node)?.slice(-IDENTITY_LENGTH);
    if (documentId !== undefined && documentId !== template.documentId.slice(0, IDENTITY_LENGTH))
      return { ...template, documentId };
  }
  return template;
}

const IDENTITY_LENGTH = 8;

function hostedNodes(template: Template, nodes: readonly NodeTemplate[]): ReadonlyMap<string, readonly NodeTemplate[]> {
  const hosted = new Map<string, NodeTemplate[]>();
  for (const node of nodes) {
    const host = node.rootType === COMPUTE ? undefined : hostOf(template, node);
    if (host !== undefined) push(hosted, host.name, node);
  }
  return hosted;
}

function boundPorts(template: Template, nodes: readonly NodeTemplate[]): ReadonlyMap<string, readonly NodeTemplate[]> {
  const ports = new Map<string, NodeTemplate[]>();
  for (const node of nodes) {
    if (node.rootType !== PORT) continue;
    const binding = node.requirements.find(({ name }) => name === 'binding');
    const compute = binding?.target === undefined ? undefined : template.nodes.get(binding.target);
    if (compute === undefined) throw new ToscaError(`Incorrect binding in Port node ${node.name}`);
    push(ports, compute.name, node);
  }
  return ports;
}

function push(map: Map<string, NodeTemplate[]>, key: string, node: NodeTemplate): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [node]);
  else list.push(node);
}

function addDescription({ metadata }: Template, radl: Radl): void {
  const features = Features.of();
  const name = metadata.get('infra_name');
  const namespace = metadata.get('namespace');
  if (isTruthy(name)) put(features, 'name', pythonText(name));
  if (isTruthy(namespace)) put(features, 'namespace', pythonText(namespace));
  if (features.names().length > 0) radl.add({ kind: 'description', name: 'desc', features, isReference: false });
}
