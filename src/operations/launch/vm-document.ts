// SPDX-License-Identifier: Apache-2.0
// Documents of single VMs, cut out of the request.
import {
  type Configure,
  type ContextualizeItem,
  type Deploy,
  isFakeSystem,
  Radl,
  type System,
} from '../../radl/index.js';

/** What is stored with a VM: the request's networks and its one system. */
export function vmDocument(request: Radl, system: System): Radl {
  const document = Radl.empty();
  for (const network of request.networks) {
    document.add({ ...network, features: network.features.clone() });
  }
  document.add({ ...system, features: system.features.clone() });
  return document;
}

/** The same with all recipe, contextualize and deploy parts of the infrastructure, as AlterVM answers have it (core.md §1.2). */
export function withConfiguration(document: Radl, source: Radl): Radl {
  const full = document.clone();
  if (source.description !== undefined) {
    full.description = source.description;
  }
  for (const configure of source.configures) {
    full.add(configure, 'ignore');
  }
  full.contextualize = source.contextualize;
  for (const deploy of source.deploys) {
    if (!isFakeSystem(deploy.system)) {
      full.add(deploy);
    }
  }
  return full;
}

/** The recipe, contextualize and deploy parts of an infrastructure by the system that they concern: many VMs take theirs without going through all. */
export class PartsBySystem {
  readonly #source: Radl;
  readonly #configures: ReadonlyMap<string, Configure>;
  readonly #deploys: ReadonlyMap<string, Deploy>;
  readonly #items: ReadonlyMap<string, readonly ContextualizeItem[]>;

  constructor(source: Radl) {
    this.#source = source;
    this.#configures = new Map(source.configures.map((configure) => [configure.name, configure]));
    this.#deploys = new Map(source.deploys.map((deploy) => [deploy.system, deploy]));
    const items = new Map<string, ContextualizeItem[]>();
    for (const item of source.contextualize.items ?? []) {
      const known = items.get(item.system);
      if (known === undefined) items.set(item.system, [item]);
      else known.push(item);
    }
    this.#items = items;
  }

  /** A VM's document with what concerns its system: recipes, contextualize items, and one deploy line, however many there are. */
  addTo(document: Radl): Radl {
    const full = document.clone();
    const system = document.systems[0]?.name ?? '';
    const { contextualize, description } = this.#source;
    if (description !== undefined) {
      full.description = description;
    }
    const items = this.#items.get(system) ?? [];
    for (const name of [system, ...items.map((item) => item.configure)]) {
      const configure = this.#configures.get(name);
      if (configure !== undefined) {
        full.add(configure, 'ignore');
      }
    }
    full.contextualize = contextualize.items === undefined ? contextualize : { ...contextualize, items };
    const deploy = this.#deploys.get(system);
    if (deploy !== undefined) {
      full.add(deploy);
    }
    return full;
  }
}
