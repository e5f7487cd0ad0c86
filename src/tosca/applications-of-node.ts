// SPDX-License-Identifier: Apache-2.0
// Ansible roles and collections that a machine needs (spec tosca 8.9).
import { Features } from '../radl/index.js';
import { artifactsOf } from './artifacts.js';
import { put } from './radl-feature.js';
import type { NodeTemplate } from './template.js';
import type { Translation } from './translation.js';

const ROLE = 'tosca.artifacts.AnsibleGalaxy.role';
const COLLECTION = 'tosca.artifacts.AnsibleGalaxy.collection';

/** Adds applications for the artifacts of all given nodes: collections first, each once. */
export function addApplications({ template }: Translation, nodes: readonly NodeTemplate[], features: Features): void {
  const roles = new Set<string>();
  const collections = new Set<string>();
  for (const node of nodes) {
    for (const { type, file } of artifactsOf(template, node).values()) {
      if (file === '') continue;
      if (type === ROLE) roles.add(file);
      if (type === COLLECTION) collections.add(file);
    }
  }
  for (const file of collections) addApplication(features, `ansible.collections.${file}`);
  for (const file of roles) addApplication(features, `ansible.roles.${file}`);
}

function addApplication(features: Features, name: string): void {
  const application = Features.of();
  put(application, 'name', name);
  features.addContained('disk.0.applications', application);
}
