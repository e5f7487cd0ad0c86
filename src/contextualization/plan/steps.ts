// SPDX-License-Identifier: Apache-2.0
// The order of the configure steps as the documents state it (contextualization.md §3.1).
import { type Configure, type ContextualizeItem, itemTool, type Radl } from '../../radl/index.js';

/** Number of the step that runs the `main` tasks. */
export const MAIN_STEP = 2;

/** Step `k` of a contextualize item runs as step `FIRST_ITEM_STEP + k`. */
export const FIRST_ITEM_STEP = 3;

/** One recipe for the VMs of one system. */
export interface StepItem {
  readonly system: string;
  readonly configure: Configure;
  readonly recipe: string;
}

/** The recipes of one step, in the order in which the documents give them. */
export interface ItemStep {
  readonly number: number;
  readonly items: readonly StepItem[];
}

/**
 * The Ansible items of the document by step, in ascending order. Without any item every system runs the `configure` of its own
 * name in step 1. Items whose `configure` is unknown or empty have nothing to run.
 */
export function itemSteps(radl: Radl): readonly ItemStep[] {
  const steps = new Map<number, StepItem[]>();
  for (const { system, configure: name, step } of itemsOf(radl)) {
    const configure = radl.getConfigure(name);
    if (configure?.recipe == null || configure.recipe.trim() === '') continue;
    const number = FIRST_ITEM_STEP + step;
    const items = steps.get(number) ?? [];
    steps.set(number, items);
    items.push({ system, configure, recipe: configure.recipe });
  }
  return [...steps].sort(([left], [right]) => left - right).map(([number, items]) => ({ number, items }));
}

function itemsOf(radl: Radl): readonly ContextualizeItem[] {
  const { items = [] } = radl.contextualize;
  if (items.length > 0) return items.filter((item) => itemTool(item) === 'Ansible');
  return radl.systems.map(({ name }) => ({ system: name, configure: name, step: 1 }));
}
