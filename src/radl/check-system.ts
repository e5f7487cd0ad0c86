// SPDX-License-Identifier: Apache-2.0
// The semantic check of a system: simple properties, then indexed ones; soft groups on their own (spec radl 8.4).
import type { System } from './aspects.js';
import { checkIndexed } from './check-indexed.js';
import { type FeatureRule, featureProblems } from './check-rules.js';
import type { Finding } from './error.js';
import type { Feature, Features } from './features.js';
import { idRule, interfaceRules, simpleRules } from './system-rules.js';

/** Makes the check of systems that may refer to these ids. */
export function systemChecker(
  networks: ReadonlySet<string>,
  ansibleHosts: ReadonlySet<string>,
): (system: System) => Finding[] {
  const rules = new Map<string, FeatureRule>([...simpleRules, ['ansible_host', idRule(ansibleHosts)]]);
  const interfaces = interfaceRules(networks);
  const checkSimple = (feature: Feature): Finding[] =>
    feature.kind === 'soft' ? checkGroup(feature.group) : featureProblems(feature, rules.get(feature.property));
  const checkGroup = (group: Features): Finding[] => {
    const features = group.features();
    return [...features.flatMap(checkSimple), ...checkIndexed(features, interfaces)];
  };
  return (system) => checkGroup(system.features);
}
