// SPDX-License-Identifier: Apache-2.0
// A RADL document: the declarations in order, looked up by identity, added one by one (spec radl 1, 9.1).
import type { AnsibleHost, Aspect, Configure, Contextualize, Deploy, Description, Network, System } from './aspects.js';
import { cloneAspect } from './aspects.js';
import { cloneContextualize, mergeContextualize, NO_CONTEXTUALIZE } from './contextualize.js';
import { RadlError } from './error.js';

/** What to do when an aspect of the same kind and id is there already. */
export type IfPresent = 'error' | 'ignore' | 'replace';

/** A document: a mutable container of aspects, which are values (their feature groups are mutable, see `Features`). */
export class Radl {
  description?: Description;
  readonly networks: Network[] = [];
  readonly ansibleHosts: AnsibleHost[] = [];
  readonly systems: System[] = [];
  readonly configures: Configure[] = [];
  readonly deploys: Deploy[] = [];
  contextualize: Contextualize = NO_CONTEXTUALIZE;

  /** A document without anything. */
  static empty(): Radl {
    return new Radl();
  }

  /** A copy that shares no mutable part with the original. */
  clone(): Radl {
    const copy = new Radl();
    if (this.description !== undefined) copy.description = cloneAspect(this.description);
    for (const network of this.networks) copy.networks.push(cloneAspect(network));
    for (const host of this.ansibleHosts) copy.ansibleHosts.push(cloneAspect(host));
    for (const system of this.systems) copy.systems.push(cloneAspect(system));
    for (const configure of this.configures) copy.configures.push(configure);
    for (const deploy of this.deploys) copy.deploys.push(deploy);
    copy.contextualize = cloneContextualize(this.contextualize);
    return copy;
  }

  getNetwork(id: string): Network | undefined {
    return this.networks.find((network) => network.id === id);
  }

  getSystem(name: string): System | undefined {
    return this.systems.find((system) => system.name === name);
  }

  getConfigure(name: string): Configure | undefined {
    return this.configures.find((configure) => configure.name === name);
  }

  /** The Ansible host of that id, or the first one when no id is given. */
  getAnsibleHost(id?: string): AnsibleHost | undefined {
    return id === undefined ? this.ansibleHosts[0] : this.ansibleHosts.find((host) => host.id === id);
  }

  /**
   * Adds an aspect (spec radl 9.1); `replace` moves it to the end of its kind. The document takes over its features.
   *
   * @returns whether it was added
   * @throws RadlError when the id (or a description) exists and `ifPresent` is `error`
   */
  add(aspect: Aspect, ifPresent: IfPresent = 'error'): boolean {
    switch (aspect.kind) {
      case 'network':
        return addUnique(this.networks, aspect, ({ id }) => id, ifPresent);
      case 'ansible':
        return addUnique(this.ansibleHosts, aspect, ({ id }) => id, ifPresent);
      case 'system':
        return addUnique(this.systems, aspect, ({ name }) => name, ifPresent);
      case 'configure':
        return addUnique(this.configures, aspect, ({ name }) => name, ifPresent);
      case 'deploy':
        this.deploys.push(aspect);
        return true;
      case 'contextualize':
        this.contextualize = mergeContextualize(this.contextualize, aspect.contextualize);
        return true;
      case 'description':
        return this.#addDescription(aspect, ifPresent);
    }
  }

  #addDescription(description: Description, ifPresent: IfPresent): boolean {
    if (this.description !== undefined) {
      if (ifPresent === 'error') throw new RadlError('Description can only be defined once.');
      if (ifPresent === 'ignore') return false;
    }
    this.description = description;
    return true;
  }
}

function addUnique<T>(list: T[], aspect: T, idOf: (aspect: T) => string, ifPresent: IfPresent): boolean {
  const id = idOf(aspect);
  const index = list.findIndex((other) => idOf(other) === id);
  if (index !== -1) {
    if (ifPresent === 'error') throw new RadlError('Aspect with the same id was found.', { found: `'${id}'` });
    if (ifPresent === 'ignore') return false;
    list.splice(index, 1);
  }
  list.push(aspect);
  return true;
}
