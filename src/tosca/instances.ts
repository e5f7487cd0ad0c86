// SPDX-License-Identifier: Apache-2.0
// How many machines a node asks for, and which go when it asks for fewer (spec tosca 8.7, 9.2).
import { ToscaError } from './error.js';
import type { VmView } from './infrastructure.js';
import { pythonRepr, pythonText } from './python-text.js';
import type { NodeTemplate } from './template.js';
import { evaluateIn, type Translation } from './translation.js';
import { asList, asNumber, type Value } from './value.js';

/** The value of a property of the capability `scalable`; null when there is none. */
function scalable(translation: Translation, node: NodeTemplate, property: string): Value {
  const value = node.capabilities.get('scalable')?.values.get(property);
  return value === undefined ? null : evaluateIn(translation, node, value);
}

/** Wanted number of instances. @throws ToscaError when it is no whole number */
export function wantedInstances(translation: Translation, node: NodeTemplate): number {
  for (const property of ['count', 'default_instances', 'min_instances']) {
    const value = scalable(translation, node, property);
    if (value === null) continue;
    const number =
      asNumber(value) ?? (/^\s*\d{1,9}\s*$/.test(pythonText(value)) ? Number(pythonText(value)) : Number.NaN);
    if (!Number.isFinite(number) || number < 0) {
      throw new ToscaError(
        `The value ${pythonRepr(value)} of "${property}" of node "${node.name}" is not a number of instances.`,
      );
    }
    return Math.trunc(number);
  }
  return 1;
}

/** Machines that a group has now. */
export function currentVms({ groups }: Translation, group: string): readonly VmView[] {
  return groups.get(group) ?? [];
}

/**
 * Marks machines of a group for removal: the first of `removal_list`, or the oldest.
 *
 * @throws ToscaError when the list holds something else than numbers
 */
export function removeVms(translation: Translation, node: NodeTemplate, vms: readonly VmView[], count: number): void {
  const list = asList(scalable(translation, node, 'removal_list'));
  if (list.length > 0) {
    for (const item of list.slice(0, count)) translation.removed.push(vmNumber(node, item));
    return;
  }
  const oldest = vms.toSorted((left, right) => left.createdAt - right.createdAt).slice(0, count);
  for (const { number } of oldest) translation.removed.push(number);
}

function vmNumber(node: NodeTemplate, item: Value): number {
  const text = pythonText(item).trim();
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new ToscaError(
    `The removal_list of node "${node.name}" holds ${pythonRepr(item)}, which is not the number of a VM.`,
  );
}
