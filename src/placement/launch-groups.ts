// SPDX-License-Identifier: Apache-2.0
// Which deploys must be launched in one cloud: those whose systems share a private network (core.md §10).
import { type Deploy, isPublicNetwork, networkIds, type Radl } from '../radl/index.js';

/** A deploy, or one VM of it, with its place in the document. */
export interface GroupedDeploy {
  readonly deploy: Deploy;
  /** Position among the document's deploys. */
  readonly index: number;
  readonly count: number;
}

/** Deploys that go to one cloud together. */
export type LaunchGroup = readonly GroupedDeploy[];

/**
 * Splits the deploys of a document into groups: single VMs of systems without a private network first, in document order, then one group
 * per set of linked private networks in order of first use.
 */
export function groupDeploys(radl: Radl): readonly LaunchGroup[] {
  const networks = new LinkedNetworks();
  const privateNetworks = radl.deploys.map((deploy) => privateNetworksOf(radl, deploy.system));
  for (const ids of privateNetworks) {
    networks.link(ids);
  }
  const singles: LaunchGroup[] = [];
  const shared = new Map<string, GroupedDeploy[]>();
  radl.deploys.forEach((deploy, index) => {
    const first = privateNetworks[index]?.[0];
    if (first === undefined) {
      for (let n = 0; n < deploy.count; n += 1) {
        singles.push([{ deploy, index, count: 1 }]);
      }
      return;
    }
    const key = networks.representative(first);
    const group = shared.get(key) ?? [];
    group.push({ deploy, index, count: deploy.count });
    shared.set(key, group);
  });
  return [...singles, ...shared.values()];
}

/** Ids of the private networks that a system uses, in order of its interfaces. */
export function privateNetworksOf(radl: Radl, systemName: string): readonly string[] {
  const system = radl.getSystem(systemName);
  if (system === undefined) {
    return [];
  }
  return networkIds(system).filter((id) => {
    const network = radl.getNetwork(id);
    return network !== undefined && !isPublicNetwork(network);
  });
}

/** Union-find over network ids. */
class LinkedNetworks {
  readonly #parents = new Map<string, string>();

  representative(id: string): string {
    let root = id;
    for (
      let parent = this.#parents.get(root);
      parent !== undefined && parent !== root;
      parent = this.#parents.get(root)
    ) {
      root = parent;
    }
    this.#parents.set(id, root);
    return root;
  }

  link(ids: readonly string[]): void {
    const [first, ...others] = ids;
    if (first === undefined) {
      return;
    }
    for (const other of others) {
      this.#parents.set(this.representative(other), this.representative(first));
    }
  }
}
