// SPDX-License-Identifier: Apache-2.0
// The declarations of a document (spec radl 1, 4): networks, Ansible hosts, systems, recipes, deploys, contextualize.
import { Features } from './features.js';

/** `network ID (F)`: a LAN shared by systems. A reference (`network ID`) has no features. */
export interface Network {
  readonly kind: 'network';
  readonly id: string;
  readonly features: Features;
  readonly isReference: boolean;
  readonly line?: number;
}

/** `ansible ID (F)`: an external node used as Ansible master. */
export interface AnsibleHost {
  readonly kind: 'ansible';
  readonly id: string;
  readonly features: Features;
  /** Always false: Ansible hosts have no reference form. */
  readonly isReference: boolean;
  readonly line?: number;
}

/** `system NAME (F)`: the template of virtual machines. */
export interface System {
  readonly kind: 'system';
  readonly name: string;
  readonly features: Features;
  readonly isReference: boolean;
  readonly line?: number;
}

/** `configure NAME (@begin ... @end)`: a recipe. */
export interface Configure {
  readonly kind: 'configure';
  readonly name: string;
  /** Text of the recipe, empty for a reference; null for `configure X ()`: system X is not contextualized. */
  readonly recipe: string | null;
  readonly isReference: boolean;
  readonly line?: number;
}

/** `deploy SYSTEM COUNT [CLOUD]`: a request of virtual machines. */
export interface Deploy {
  readonly kind: 'deploy';
  readonly system: string;
  /** Number of machines; not a valid one (check refuses it) when `exactCount` is present. */
  readonly count: number;
  /** What was written when that is not a plain non-negative integer. */
  readonly exactCount?: bigint | number | string | null;
  /** `id` of a line of the credentials. */
  readonly cloudId?: string;
  readonly line?: number;
}

/** `system S configure C [step N | with TOOL]` inside contextualize. */
export interface ContextualizeItem {
  readonly system: string;
  readonly configure: string;
  /** 0 when absent. */
  readonly step: number;
  /** What was written when `step` is a fraction or too large. */
  readonly exactStep?: bigint | number;
  /** Absent means `Ansible`. */
  readonly tool?: string;
  readonly line?: number;
}

/** All contextualize sections of a document, merged. */
export interface Contextualize {
  /** Seconds; 0 when unset. */
  readonly maxTime: number;
  /** What was written when `maxTime` is a fraction or too large. */
  readonly exactMaxTime?: bigint | number;
  /** Absent: no section was ever seen. Empty: `contextualize ()`, which disables contextualization. */
  readonly items?: readonly ContextualizeItem[];
  /** Present whenever `items` is. */
  readonly options?: Features;
}

/** `description NAME (F)`: free metadata. */
export interface Description {
  readonly kind: 'description';
  readonly name: string;
  readonly features: Features;
  readonly isReference: boolean;
  readonly line?: number;
}

/** Anything that can be added to a document on its own. */
export type Aspect =
  | Network
  | AnsibleHost
  | System
  | Configure
  | Deploy
  | Description
  | { readonly kind: 'contextualize'; readonly contextualize: Contextualize };

/** The tool of a contextualize item; absent and empty mean `Ansible` (spec radl 4). */
export function itemTool(item: ContextualizeItem): string {
  return item.tool ? item.tool : 'Ansible';
}

/** A system; without features an empty definition. */
export function createSystem(name: string, features: Features = Features.of()): System {
  return { kind: 'system', name, features, isReference: false };
}

/** A network with the single feature `outbound` (spec radl 12.1). */
export function createNetwork(id: string, isPublic: boolean): Network {
  const features = Features.of();
  features.setText('outbound', isPublic ? 'yes' : 'no');
  return { kind: 'network', id, features, isReference: false };
}

/** A deploy of `count` machines. */
export function createDeploy(system: string, count: number, cloudId?: string): Deploy {
  return { kind: 'deploy', system, count, ...(cloudId !== undefined && { cloudId }) };
}

/** A copy of an aspect that shares no features with the original. */
export function cloneAspect<T extends { readonly features: Features }>(aspect: T): T {
  return { ...aspect, features: aspect.features.clone() };
}
