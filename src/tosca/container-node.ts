// SPDX-License-Identifier: Apache-2.0
// Containers as systems for Kubernetes and its like (spec tosca 8.13).
import { Features } from '../radl/index.js';
import { type Artifact, artifactsOf, artifactUri } from './artifacts.js';
import { containerNetworks, containerSystemName, runtimeProperties } from './container-networks.js';
import { ToscaError } from './error.js';
import { currentVms, removeVms, wantedInstances } from './instances.js';
import { placementOf } from './placement.js';
import { pythonText } from './python-text.js';
import { put, radlValue } from './radl-feature.js';
import { repositoryUrl } from './repository.js';
import { looseSizeInBytes } from './scalar-unit.js';
import { ownedBy } from './scope.js';
import type { NodeTemplate, Template } from './template.js';
import { evaluateIn, propertyOf, type Translation } from './translation.js';
import { asList, asNumber, isMap, isTruthy, type Value } from './value.js';

const IMAGE = 'tosca.artifacts.Deployment.Image.Container.Docker';
const FILE = 'tosca.artifacts.File';

/** Adds system, networks, empty recipe and deploy, or removals. @throws ToscaError when the node cannot be translated */
export function addContainer(translation: Translation, node: NodeTemplate): void {
  const { template, builder, steps } = translation;
  const system = containerSystemName(template, node);
  const wanted = wantedInstances(translation, node);
  if (wanted > 1) throw new ToscaError(`Scalability values of ${node.rootType} only allows 0 or 1.`);
  const vms = currentVms(translation, system);
  if (wanted < vms.length) {
    removeVms(translation, node, vms, vms.length - wanted);
    return;
  }
  builder.addSystem(system, containerFeatures(translation, node));
  builder.addConfigure(system, null);
  builder.addItem(system, system, steps.get(node.name) ?? 1);
  // The reference only looks for the name of the system, which no policy can know.
  const cloud = translation.followsReference ? undefined : placementOf(translation, node.name, 'cloud_id');
  builder.addDeploy(system, wanted - vms.length, cloud);
}

function containerFeatures(translation: Translation, node: NodeTemplate): Features {
  const features = Features.of();
  const artifacts = [...artifactsOf(translation.template, node).values()];
  const disks = addConfigMaps(translation, node, artifacts, features);
  put(features, 'disk.0.image.url', `docker://${imageOf(translation.template, artifacts)}`);
  addProcess(translation, node, features);
  addRuntime(translation, node, features, disks);
  return features;
}

function imageOf(template: Template, artifacts: readonly Artifact[]): string {
  const image = artifacts.findLast(({ type }) => type === IMAGE);
  if (image === undefined || image.file === '') throw new ToscaError('No image specified for K8s container.');
  const base = image.repository === undefined ? undefined : repositoryUrl(template.repositories, image.repository);
  return base === undefined ? image.file : `${base.replace(/^[a-z][a-z0-9+.-]*:\/\//i, '')}/${image.file}`;
}

/** Disks 1, 2, ... with the contents of config maps; gives how many there are. */
function addConfigMaps(
  translation: Translation,
  node: NodeTemplate,
  artifacts: readonly Artifact[],
  features: Features,
): number {
  let count = 0;
  for (const artifact of artifacts) {
    if (artifact.type !== FILE || artifact.deployPath === undefined) continue;
    const content = configMapContent(translation, node, artifact);
    if (content === undefined) continue;
    count += 1;
    put(features, `disk.${count}.content`, content);
    put(features, `disk.${count}.mount_path`, artifact.deployPath);
  }
  return count;
}

function configMapContent(translation: Translation, node: NodeTemplate, artifact: Artifact): string | undefined {
  const inline = evaluateIn(translation, node, artifact.properties.get('content') ?? null);
  if (isTruthy(inline)) return pythonText(inline);
  if (artifact.file === '') return undefined;
  const url = artifactUri(translation.template, artifact);
  const fetched = translation.sources.get(url);
  if (fetched !== undefined && 'text' in fetched) return fetched.text;
  const { reason, body } = fetched ?? { reason: 'only http and https URLs are fetched', body: '' };
  throw new ToscaError(`Error downloading file ${url}: ${reason}\n${body}`);
}

function addProcess(translation: Translation, node: NodeTemplate, features: Features): void {
  const environment = propertyOf(translation, node, 'environment');
  if (isMap(environment) && environment.size > 0) {
    const variables = [...environment].map(
      ([key, value]) => `${pythonText(key)}=${quotedWithComma(pythonText(value))}`,
    );
    put(features, 'environment.variables', variables.join(','));
  }
  const command = propertyOf(translation, node, 'command');
  if (isTruthy(command)) put(features, 'command', radlValue(command));
}

function quotedWithComma(text: string): string {
  return text.includes(',') ? `"${text}"` : text;
}

function addRuntime(translation: Translation, node: NodeTemplate, features: Features, configMaps: number): void {
  const scope = ownedBy(translation.scope, node);
  const networks = new Map(containerNetworks(node, scope).map((network) => [network.isPublic, network]));
  for (const [name, value] of runtimeProperties(node, scope)) {
    if (!isTruthy(value)) continue;
    if (name === 'num_cpus') put(features, 'cpu.count', asNumber(value) ?? radlValue(value));
    if (name === 'num_gpus') put(features, 'gpu.count', radlValue(value));
    if (name === 'mem_size') put(features, 'memory.size', looseSizeInBytes(value), '=', 'B');
    if (name === 'volumes') addVolumes(translation, asList(value), features, configMaps);
    const network =
      name === 'publish_ports' ? networks.get(true) : name === 'expose_ports' ? networks.get(false) : undefined;
    if (network === undefined) continue;
    const added = translation.builder.addNetwork(network.id, network.isPublic);
    put(added.features, 'outports', network.ports.map(({ text }) => text).join(','));
    put(features, 'net_interface.0.connection', network.id);
    if (network.dnsName !== '') {
      put(features, 'net_interface.0.dns_name', network.dnsName);
      put(features, 'net_interface.0.dns.0.name', network.dnsName);
    }
  }
}

function addVolumes(translation: Translation, volumes: readonly Value[], features: Features, configMaps: number): void {
  for (const [index, volume] of volumes.entries()) {
    const [name = '', ...path] = pythonText(volume).split(':');
    const disk = `disk.${configMaps + index + 1}`;
    const node = translation.template.nodes.get(name);
    if (node?.type.endsWith('BlockStorage')) {
      const id = propertyOf(translation, node, 'volume_id');
      const size = propertyOf(translation, node, 'size');
      if (isTruthy(id)) put(features, `${disk}.image.url`, pythonText(id));
      if (isTruthy(size)) put(features, `${disk}.size`, looseSizeInBytes(size), '=', 'B');
    }
    if (path.length > 0) put(features, `${disk}.mount_path`, path.join(''));
  }
}
