// SPDX-License-Identifier: Apache-2.0
// The text form of features (spec radl 13); error messages quote features in the same form.
import type { FeatureList, FeatureOf } from './feature.js';
import { numberText } from './number-text.js';
import type { RadlValue } from './value.js';

function quote(text: string): string {
  return `'${text.replaceAll("'", "\\'")}'`;
}

function valueText(value: RadlValue): string {
  switch (typeof value) {
    case 'string':
      return quote(value);
    case 'boolean':
      return `'${value}'`;
    case 'object':
      // An empty list prints its only readable form, which reads back as empty.
      return `[${value.length === 0 ? "''" : value.map(quote).join(',')}]`;
    default:
      return numberText(value);
  }
}

/** One feature: `PROP OP VALUE UNIT`, `PROP contains (F)` or `soft W ( F )`. */
export function featureText(feature: FeatureOf<FeatureList>): string {
  switch (feature.kind) {
    case 'simple':
      return `${feature.property} ${feature.operator} ${valueText(feature.value)}${feature.unit}`;
    case 'contains':
      return `${feature.property} contains (${groupText(feature.group)})`;
    case 'soft':
      return `soft ${numberText(feature.weight)} ( ${groupText(feature.group)} )`;
  }
}

/** The features of a group, joined by `and` and a newline, without indentation. */
export function groupText(group: FeatureList): string {
  return group.features().map(featureText).join(' and\n');
}
