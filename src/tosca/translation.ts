// SPDX-License-Identifier: Apache-2.0
// The state of one translation: the RADL so far with quick look-ups, and what everybody needs on the way.

import type { ContextualizeItem } from '../radl/index.js';
import {
  createDeploy,
  createNetwork,
  Features,
  isPublicNetwork,
  type Network,
  Radl,
  type System,
} from '../radl/index.js';
import { evaluate } from './evaluate.js';
import type { InfrastructureView, VmView } from './infrastructure.js';
import type { Operations } from './operations.js';
import type { Scope } from './scope.js';
import type { Sources } from './sources.js';
import type { NodeTemplate, Owner, Template } from './template.js';
import type { Value } from './value.js';

/** Everything that the parts of a translation share. */
export interface Translation {
  readonly template: Template;
  readonly scope: Scope;
  readonly sources: Sources;
  readonly builder: RadlBuilder;
  readonly infrastructure: InfrastructureView | undefined;
  /** Machines that are there, by group. */
  readonly groups: ReadonlyMap<string, readonly VmView[]>;
  readonly steps: ReadonlyMap<string, number>;
  /** Nodes that are no machines by the machine that hosts them, in document order. */
  readonly hosted: ReadonlyMap<string, readonly NodeTemplate[]>;
  /** Place of each node in the document. */
  readonly positions: ReadonlyMap<string, number>;
  /** Port nodes by the machine that they bind. */
  readonly ports: ReadonlyMap<string, readonly NodeTemplate[]>;
  readonly relationshipOperations: ReadonlyMap<string, Operations>;
  /** Whether grycap/im is followed where we decided otherwise, see `ToscaEnvironment.rules`. */
  readonly followsReference: boolean;
  /** Numbers of machines to remove. */
  readonly removed: number[];
}

/** The value of something that a node or relationship holds. */
export function evaluateIn({ scope }: Translation, owner: Owner, value: Value): Value {
  return evaluate(value, { ...scope, owner });
}

/** The evaluated property of a node; null when it has none. */
export function propertyOf(translation: Translation, node: NodeTemplate, name: string): Value {
  const value = node.properties.get(name);
  return value === undefined ? null : evaluateIn(translation, node, value);
}

/** A RADL document under construction; everything is found by name in constant time. */
export class RadlBuilder {
  readonly radl = Radl.empty();
  readonly #networks = new Map<string, Network>();
  readonly #systems = new Map<string, System>();
  readonly #configures = new Map<string, number>();
  readonly #items = new Map<string, ContextualizeItem>();
  #lastFreeNumber = 0;

  network(id: string): Network | undefined {
    return this.#networks.get(id);
  }

  system(name: string): System | undefined {
    return this.#systems.get(name);
  }

  get systems(): Iterable<System> {
    return this.#systems.values();
  }

  /** Adds a network with `outbound` set, or with the given features. */
  addNetwork(id: string, features: boolean | Features): Network {
    const network: Network =
      typeof features === 'boolean'
        ? createNetwork(id, features)
        : { kind: 'network', id, features, isReference: false };
    const known = this.#networks.get(id);
    if (known !== undefined) return known;
    this.#networks.set(id, network);
    this.radl.networks.push(network);
    return network;
  }

  /** A new public network: `public_net`, `public_net_1`, ... */
  addPublicNetwork(): Network {
    let id = 'public_net';
    while (this.#networks.has(id)) {
      this.#lastFreeNumber += 1;
      id = `public_net_${this.#lastFreeNumber}`;
    }
    return this.addNetwork(id, true);
  }

  /** The first network that is not public. */
  firstPrivateNetwork(): Network | undefined {
    return this.radl.networks.find((network) => !isPublicNetwork(network));
  }

  addSystem(name: string, features: Features = Features.of()): System {
    const system: System = { kind: 'system', name, features, isReference: false };
    if (!this.#systems.has(name)) this.radl.systems.push(system);
    this.#systems.set(name, system);
    return system;
  }

  /** Adds a recipe; a later one of the same name takes its place. */
  addConfigure(name: string, recipe: string | null): void {
    const configure = { kind: 'configure', name, recipe, isReference: false } as const;
    const index = this.#configures.get(name);
    if (index !== undefined) {
      this.radl.replaceConfigure(configure);
      return;
    }
    this.#configures.set(name, this.radl.configures.length);
    this.radl.configures.push(configure);
  }

  /** Asks for a recipe on a system; a later step of the same pair takes its place. */
  addItem(system: string, configure: string, step: number): void {
    this.#items.set(JSON.stringify([system, configure]), { system, configure, step });
  }

  addDeploy(system: string, count: number, cloudId: string | undefined): void {
    this.radl.deploys.push(createDeploy(system, count, cloudId));
  }

  /** Closes the contextualize section: without items an empty one, which switches contextualization off. */
  finishContextualize(): void {
    const items = [...this.#items.values()];
    this.radl.contextualize = { maxTime: 0, items, options: Features.of() };
  }
}
