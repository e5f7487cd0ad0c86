// SPDX-License-Identifier: Apache-2.0
// The text form of a document (spec radl 13). Clients search it with regular expressions, so every character counts.
import type {
  AnsibleHost,
  Configure,
  Contextualize,
  ContextualizeItem,
  Deploy,
  Description,
  Network,
  System,
} from './aspects.js';
import { featureText, groupText } from './feature-text.js';
import type { Features } from './features.js';
import { numberText } from './number-text.js';
import type { Radl } from './radl.js';
import { writtenNumber } from './written-number.js';

/** The whole document. The text form loses information; persist with `serializeRadl`. */
export function printRadl(radl: Radl): string {
  const parts = [
    ...radl.ansibleHosts.map(printAnsible),
    ...radl.networks.map(printNetwork),
    ...radl.systems.map(printSystem),
    ...radl.configures.map(printConfigure),
    printContextualize(radl.contextualize),
    ...radl.deploys.map(printDeploy),
  ];
  const description = radl.description === undefined ? '' : `${printDescription(radl.description)}\n`;
  return description + parts.join('\n');
}

/** One system; a definition ends with a newline. */
export function printSystem({ name, features, isReference }: System): string {
  return isReference ? `system ${name} ` : `system ${name} (\n${groupText(features)}\n)\n`;
}

/** One network. */
export function printNetwork({ id, features, isReference }: Network): string {
  return isReference ? `network ${id} ` : `network ${id} ( ${groupText(features)} )`;
}

/** The features alone, joined by `and`. */
export function printFeatures(features: Features): string {
  return groupText(features);
}

function printDescription({ name, features }: Description): string {
  return `description ${name} (${groupText(features)})`;
}

function printAnsible({ id, features }: AnsibleHost): string {
  return `ansible ${id} (${groupText(features)})`;
}

function printConfigure({ name, recipe, isReference }: Configure): string {
  if (isReference) return `configure ${name}`;
  return recipe === null ? `configure ${name} ()` : `configure ${name} (\n@begin\n${recipe}\n@end\n)`;
}

function printContextualize({ maxTime, exactMaxTime, items, options }: Contextualize): string {
  if (items === undefined && options === undefined) return '';
  const optionTexts = (options?.features() ?? []).map((option) => `option ${featureText(option)}\n`);
  if (optionTexts.length === 0 && (items === undefined || items.length === 0)) return 'contextualize ()';
  const time = maxTime === 0 ? '' : numberText(writtenNumber(maxTime, exactMaxTime));
  return `contextualize ${time} (\n${optionTexts.join('')}${(items ?? []).map(printItem).join('\n')}\n)`;
}

/** One item of a contextualize section. */
export function printItem({ system, configure, step, exactStep, tool }: ContextualizeItem): string {
  const stepText = step === 0 ? '' : `step ${numberText(writtenNumber(step, exactStep))}`;
  return `system ${system} configure ${configure} ${stepText} ${tool ? `with ${tool}` : ''}`;
}

function printDeploy({ system, count, exactCount, cloudId }: Deploy): string {
  const countText =
    exactCount === null || typeof exactCount === 'string'
      ? String(exactCount)
      : numberText(writtenNumber(count, exactCount));
  return `deploy ${system} ${countText}${cloudId ? ` ${cloudId}` : ''}`;
}
