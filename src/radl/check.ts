// SPDX-License-Identifier: Apache-2.0
// The semantic check of a whole document, in the order of the language (spec radl 8).
import { loadYaml, YamlError } from '../yaml.js';
import type { AnsibleHost, Configure, Contextualize, ContextualizeItem, Deploy } from './aspects.js';
import { type FeatureRule, featureProblems } from './check-rules.js';
import { systemChecker } from './check-system.js';
import { didYouMean } from './closest.js';
import { type Finding, MAX_PROBLEMS, makeProblem, type RadlProblem, throwProblems } from './error.js';
import type { Features } from './features.js';
import { isOutports } from './outports.js';
import type { Radl } from './radl.js';

const TEXT: FeatureRule = { type: 'text' };

const networkRules: ReadonlyMap<string, FeatureRule> = new Map<string, FeatureRule>([
  ['outbound', { type: 'text', words: ['YES', 'NO'] }],
  ['outports', { type: 'text', isValid: (value) => typeof value === 'string' && isOutports(value) }],
  ['provider_id', TEXT],
]);

const ansibleRules: ReadonlyMap<string, FeatureRule> = new Map<string, FeatureRule>(
  ['host', 'credentials.username', 'credentials.password', 'credentials.private_key'].map((name) => [name, TEXT]),
);

/**
 * Checks what the grammar cannot: types, operators, values, units, indices, references between aspects, recipes.
 *
 * @throws RadlError with the first failure and all further independent ones
 */
export function checkRadl(radl: Radl): void {
  throwProblems(radlProblems(radl));
}

/** The failures of the semantic check in order, not more than are reported at once. */
export function radlProblems(radl: Radl): RadlProblem[] {
  return findings(radl)
    .slice(0, MAX_PROBLEMS)
    .map((finding) => finding());
}

function findings(radl: Radl): Finding[] {
  const networks = new Set(radl.networks.map((network) => network.id));
  const ansibleHosts = new Set(radl.ansibleHosts.map((host) => host.id));
  const systems = new Set(radl.systems.map((system) => system.name));
  const configures = new Set(radl.configures.map((configure) => configure.name));
  return [
    ...radl.networks.flatMap((network) => checkGroup(network.features, networkRules)),
    ...radl.ansibleHosts.flatMap(checkAnsible),
    ...radl.systems.flatMap(systemChecker(networks, ansibleHosts)),
    ...radl.deploys.flatMap((deploy) => checkDeploy(deploy, systems)),
    ...radl.configures.flatMap(checkConfigure),
    ...checkContextualize(radl.contextualize, systems, configures),
    ...(systems.size < radl.systems.length ? [() => makeProblem('Some System name duplicated.')] : []),
    ...(networks.size < radl.networks.length ? [() => makeProblem('Some Network name duplicated.')] : []),
  ];
}

function checkGroup(features: Features, rules: ReadonlyMap<string, FeatureRule>): Finding[] {
  return features
    .features()
    .flatMap((feature) => (feature.kind === 'soft' ? [] : featureProblems(feature, rules.get(feature.property))));
}

function checkAnsible({ id, features, line }: AnsibleHost): Finding[] {
  const problems = checkGroup(features, ansibleRules);
  if (problems.length > 0) return problems;
  const missing = (text: string) => () =>
    makeProblem(`Ansible host must have a ${text}`, { line, found: `ansible '${id}'`, expected: `a ${text}` });
  if (!features.getValue('host')) return [missing('host')];
  if (!features.getValue('credentials.username')) return [missing('credentials.username')];
  if (features.getValue('credentials.password') || features.getValue('credentials.private_key')) return [];
  return [missing('credentials.password or credentials.private_key')];
}

function checkDeploy({ system, count, exactCount, line }: Deploy, systems: ReadonlySet<string>): Finding[] {
  if (!systems.has(system)) {
    const found = `system '${system}'`;
    return [() => makeProblem('Invalid system id in the deploy.', { line, found, hint: didYouMean(system, systems) })];
  }
  const isCount = exactCount === undefined ? Number.isSafeInteger(count) && count >= 0 : isNaturalNumber(exactCount);
  if (isCount) return [];
  const details = { line, found: `deploy '${system}'`, expected: 'an integer from 0 on' };
  return [() => makeProblem('Invalid number of virtual machines to deploy.', details)];
}

function isNaturalNumber(value: Deploy['exactCount']): boolean {
  return typeof value === 'bigint' && value >= 0n;
}

function checkConfigure({ name, recipe, line }: Configure): Finding[] {
  if (recipe === null || recipe === '') return [];
  try {
    loadYaml(recipe);
    return [];
  } catch (error) {
    if (!(error instanceof YamlError)) throw error;
    const { message } = error;
    const found = `the recipe of configure '${name}'`;
    return [() => makeProblem(`Invalid YAML code: ${message}.`, { line, found })];
  }
}

function checkContextualize(
  { maxTime, exactMaxTime, items = [] }: Contextualize,
  systems: ReadonlySet<string>,
  configures: ReadonlySet<string>,
): Finding[] {
  const isValidTime = typeof exactMaxTime !== 'number' && maxTime >= 0;
  const expected = 'an integer from 0 on';
  const time = isValidTime ? [] : [() => makeProblem("Invalid 'max time' in 'contextualize'", { expected })];
  return [...time, ...items.flatMap((item) => checkItem(item, systems, configures))];
}

function checkItem(
  { system, configure, line }: ContextualizeItem,
  systems: ReadonlySet<string>,
  configures: ReadonlySet<string>,
): Finding[] {
  const problems: Finding[] = [];
  if (!systems.has(system)) {
    problems.push(() => makeProblem(`Invalid system id '${system}'`, { line, hint: didYouMean(system, systems) }));
  }
  if (!configures.has(configure)) {
    const advice = `add a 'configure ${configure}' with a recipe`;
    const hint = () => didYouMean(configure, configures) ?? advice;
    problems.push(() => makeProblem(`Invalid configure id '${configure}'`, { line, hint: hint() }));
  }
  return problems;
}
