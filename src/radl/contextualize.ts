// SPDX-License-Identifier: Apache-2.0
// Merging contextualize sections, and their items by step (spec radl 4).
import type { Contextualize, ContextualizeItem } from './aspects.js';
import { Features } from './features.js';

/** No contextualize section at all. */
export const NO_CONTEXTUALIZE: Contextualize = { maxTime: 0 };

/**
 * Both sections as one: the larger time, and items and options of `added` in the place of their namesakes (same system
 * and configure, same option name) or appended. Absent items leave those of `stored` untouched.
 */
export function mergeContextualize(stored: Contextualize, added: Contextualize): Contextualize {
  const items = mergeItems(stored.items, added.items);
  const options = mergeOptions(stored.options, added.options);
  return {
    ...times(added.maxTime > stored.maxTime ? added : stored),
    ...(items !== undefined && { items }),
    ...(options !== undefined && { options }),
  };
}

function times({ maxTime, exactMaxTime }: Contextualize): Contextualize {
  return { maxTime, ...(exactMaxTime !== undefined && { exactMaxTime }) };
}

function mergeItems(
  stored: readonly ContextualizeItem[] | undefined,
  added: readonly ContextualizeItem[] | undefined,
): readonly ContextualizeItem[] | undefined {
  if (added === undefined) return stored;
  const merged = new Map<string, ContextualizeItem>();
  for (const item of [...(stored ?? []), ...added]) merged.set(itemKey(item), item);
  return [...merged.values()];
}

/** Identity of an item: the pair (system, configure), unambiguous for any texts. */
function itemKey({ system, configure }: ContextualizeItem): string {
  return `${system.length}:${system}${configure}`;
}

function mergeOptions(stored: Features | undefined, added: Features | undefined): Features | undefined {
  if (added === undefined) return stored;
  const merged = stored?.clone() ?? Features.of();
  merged.override(added);
  return merged;
}

/** A copy that shares no options with the original. */
export function cloneContextualize(contextualize: Contextualize): Contextualize {
  const { options } = contextualize;
  return options === undefined ? contextualize : { ...contextualize, options: options.clone() };
}

/** The items by step number, steps in order of first appearance; undefined when items are absent or empty. */
export function itemsByStep(
  contextualize: Contextualize,
): ReadonlyMap<number, readonly ContextualizeItem[]> | undefined {
  const { items } = contextualize;
  if (items === undefined || items.length === 0) return undefined;
  const steps = new Map<number, ContextualizeItem[]>();
  for (const item of items) {
    const step = steps.get(item.step);
    if (step === undefined) steps.set(item.step, [item]);
    else step.push(item);
  }
  return steps;
}
