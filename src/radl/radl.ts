// SPDX-License-Identifier: Apache-2.0
// A RADL document: the declarations in order, looked up by identity, added one by one (spec radl 1, 9.1).
import { AspectIndex } from './aspect-index.js';
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
  readonly #networks = new AspectIndex(this.networks, ({ id }) => id);
  readonly #ansibleHosts = new AspectIndex(this.ansibleHosts, ({ id }) => id);
  readonly #systems = new AspectIndex(this.systems, ({ name }) => name);
  readonly #configures = new AspectIndex(this.configures, ({ name }) => name);

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
    return this.#networks.get(id);
  }

  getSystem(name: string): System | undefined {
    return this.#systems.get(name);
  }

  getConfigure(name: string): Configure | undefined {
    return this.#configures.get(name);
  }

  /** The Ansible host of that id, or the first one when no id is given. */
  getAnsibleHost(id?: string): AnsibleHost | undefined {
    return id === undefined ? this.ansibleHosts[0] : this.#ansibleHosts.get(id);
  }

  /** Puts a recipe in the place of the one of its name. @throws RadlError when there is none */
  replaceConfigure(configure: Configure): void {
    const index = this.configures.findIndex(({ name }) => name === configure.name);
    if (index === -1) throw new RadlError(`There is no configure '${configure.name}' to replace.`);
    this.configures[index] = configure;
    this.#configures.replaced(configure);
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
        return addUnique(this.networks, this.#networks, aspect, aspect.id, ifPresent);
      case 'ansible':
        return addUnique(this.ansibleHosts, this.#ansibleHosts, aspect, aspect.id, ifPresent);
      case 'system':
        return addUnique(this.systems, this.#systems, aspect, aspect.name, ifPresent);
      case 'configure':
        return addUnique(this.configures, this.#configures, aspect, aspect.name, ifPresent);
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

function addUnique<T>(list: T[], index: AspectIndex<T>, aspect: T, id: string, ifPresent: IfPresent): boolean {
  const known = index.get(id);
  if (known === undefined) {
    list.push(aspect);
    return true;
  }
  if (ifPresent === 'error') throw new RadlError('Aspect with the same id was found.', { found: `'${id}'` });
  if (ifPresent === 'ignore') return false;
  list.splice(list.indexOf(known), 1);
  list.push(aspect);
  index.replaced(aspect);
  return true;
}
