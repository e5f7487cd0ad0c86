// SPDX-License-Identifier: Apache-2.0
// Compute nodes as systems with their deploys and recipes (spec tosca 8.2, 8.4, 8.7).
import { Features } from '../radl/index.js';
import { addApplications } from './applications-of-node.js';
import { addComputeFeatures } from './compute-features.js';
import { addConfigure } from './configure.js';
import { addDisks } from './disks-of-node.js';
import { currentVms, removeVms, wantedInstances } from './instances.js';
import { addInterfaces } from './interfaces-of-node.js';
import { placementOf } from './placement.js';
import { put } from './radl-feature.js';
import type { NodeTemplate } from './template.js';
import type { Translation } from './translation.js';

/** Adds system, deploy or removals, and the node's own recipe. @throws ToscaError when the node cannot be translated */
export function addCompute(translation: Translation, node: NodeTemplate): void {
  const { builder } = translation;
  const features = Features.of();
  addComputeFeatures(translation, node, features);
  addDisks(translation, node, features);
  addApplications(translation, softwareOf(translation, node), features);
  const zone = placementOf(translation, node.name, 'availability_zone');
  if (zone !== undefined) put(features, 'availability_zone', zone);
  addInterfaces(translation, node, features);
  builder.addSystem(node.name, features);
  addConfigure(translation, node);
  const vms = currentVms(translation, node.name);
  const difference = wantedInstances(translation, node) - vms.length;
  if (difference > 0) builder.addDeploy(node.name, difference, placementOf(translation, node.name, 'cloud_id'));
  if (difference < 0) removeVms(translation, node, vms, -difference);
}

/** The machine and everything on it, in document order. */
function softwareOf({ hosted, positions }: Translation, node: NodeTemplate): readonly NodeTemplate[] {
  const nodes = [node, ...(hosted.get(node.name) ?? [])];
  return nodes.toSorted((left, right) => (positions.get(left.name) ?? 0) - (positions.get(right.name) ?? 0));
}
