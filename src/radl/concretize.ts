// SPDX-License-Identifier: Apache-2.0
// From preferences to one concrete system: defaults, soft groups and their score (spec radl 10).
import type { AddModes } from './add-feature.js';
import type { System } from './aspects.js';
import { RadlError } from './error.js';
import { simpleFeature } from './feature.js';

/** A system without soft groups, and the weight of those it could satisfy. */
export interface ConcreteSystem {
  readonly system: System;
  readonly score: number;
}

/** What a system gets when it does not say otherwise. */
export interface SystemDefaults {
  readonly cpus: number;
  readonly memory: number;
  /** e.g. `M` */
  readonly memoryUnit: string;
  readonly arch: string;
}

/**
 * Applies `other` (which must not contradict the system), then the soft groups of `system`, heaviest first; a group that
 * contradicts what is there leaves no trace. The result has no soft groups; `system` is unchanged.
 *
 * @throws RadlError when `other` contradicts the system
 */
export function concretize(system: System, other?: System): ConcreteSystem {
  const features = system.features.clone();
  if (other !== undefined) features.apply(other.features, { conflict: 'error', missing: 'other' });
  const softs = [...system.features.softs()].sort((left, right) => compareWeights(right.weight, left.weight));
  let score = 0;
  for (const soft of softs) {
    try {
      features.apply(soft.features, { conflict: 'error', missing: 'other' });
    } catch (error) {
      if (error instanceof RadlError) continue;
      throw error;
    }
    score += Number(soft.weight);
  }
  features.deleteSofts();
  return { system: { ...system, features, isReference: false }, score };
}

function compareWeights(left: bigint | number, right: bigint | number): number {
  if (left < right) return -1;
  return left > right ? 1 : 0;
}

/** The target with the features of `other` applied (default modes: both error); the target is unchanged. @throws RadlError */
export function applySystem(target: System, other: System, modes: Partial<AddModes> = {}): System {
  const features = target.features.clone();
  features.apply(other.features, modes);
  return { ...target, features, isReference: false };
}

/** The system with defaults for CPUs, memory and architecture, where neither it nor a soft group of it sets them. */
export function withDefaults(system: System, { cpus, memory, memoryUnit, arch }: SystemDefaults): System {
  const features = system.features.clone();
  const defaults = [
    simpleFeature('cpu.count', '>=', wholeOrFraction(cpus)),
    simpleFeature('memory.size', '>=', wholeOrFraction(memory), memoryUnit),
    simpleFeature('cpu.arch', '=', arch),
  ];
  for (const feature of defaults) if (!features.has(feature.property, true)) features.add(feature);
  return { ...system, features, isReference: false };
}

function wholeOrFraction(value: number): bigint | number {
  return Number.isInteger(value) ? BigInt(value) : value;
}
