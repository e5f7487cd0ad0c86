// SPDX-License-Identifier: Apache-2.0
// Placement policies: which cloud and zone a node goes to (spec tosca 8.8).
import { evaluate } from './evaluate.js';
import { pythonText } from './python-text.js';
import type { Translation } from './translation.js';

const PLACEMENTS = new Set(['tosca.policies.Placement', 'tosca.policies.indigo.Placement']);

/** The property of the first placement policy for the node that assigns it. */
export function placementOf(
  { template, scope }: Translation,
  nodeName: string,
  property: 'cloud_id' | 'availability_zone',
): string | undefined {
  for (const policy of template.policies) {
    if (!PLACEMENTS.has(policy.type) || !policy.targets.has(nodeName)) continue;
    const value = evaluate(policy.properties.get(property) ?? null, scope);
    if (value !== null && value !== '') return pythonText(value);
  }
  return undefined;
}
