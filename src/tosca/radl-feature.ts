// SPDX-License-Identifier: Apache-2.0
// Document values as RADL features.
import { type Comparator, type Features, type RadlValue, simpleFeature } from '../radl/index.js';
import { YamlFloat } from '../yaml.js';
import { pythonText } from './python-text.js';
import { isInteger, isList, isMap, type Value } from './value.js';

/** A value as RADL holds it: integers as `bigint`, fractions as `number`, lists as texts. */
export function radlValue(value: Value): RadlValue {
  if (value instanceof YamlFloat) return value.value;
  if (isInteger(value)) return BigInt(value);
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint') return value;
  return isList(value) ? value.map(pythonText) : pythonText(value);
}

/** Sets a feature, in the place of what the property had. */
export function put(
  features: Features,
  property: string,
  value: RadlValue,
  operator: Comparator = '=',
  unit = '',
): void {
  features.replace(simpleFeature(property, operator, value, unit));
}

const OPERATORS: ReadonlyMap<string, Comparator> = new Map([
  ['equal', '='],
  ['greater_than', '>'],
  ['greater_or_equal', '>='],
  ['less_than', '<'],
  ['less_or_equal', '<='],
]);

/** A value with the operator it asks for: `{equal: x}` and its like, else `>=` for numbers and `=` for texts (spec tosca 8.4). */
export function withOperator(value: Value): { readonly value: Value; readonly operator: Comparator } {
  if (isMap(value) && value.size === 1) {
    for (const [key, inner] of value) {
      const operator = typeof key === 'string' ? OPERATORS.get(key) : undefined;
      if (operator !== undefined) return { value: inner, operator };
    }
  }
  const radl = radlValue(value);
  return { value, operator: typeof radl === 'string' || typeof radl === 'object' ? '=' : '>=' };
}
