// SPDX-License-Identifier: Apache-2.0
// Values as Python prints them: what `concat` gives and what messages show (spec tosca, "Python form").
import { pythonRepr as stringRepr } from '../util/python-repr.js';
import { YamlDate, YamlFloat } from '../yaml.js';
import { isList, isMap, type Value } from './value.js';

/** The text of `str(value)`. */
export function pythonText(value: Value | undefined): string {
  if (value === undefined || value === null) return 'None';
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'bigint') return String(value);
  if (typeof value === 'number') return Number.isInteger(value) ? String(BigInt(value)) : fractionText(value);
  if (value instanceof YamlFloat) return fractionText(value.value);
  if (value instanceof YamlDate) return value.text;
  if (isList(value)) return `[${value.map(pythonRepr).join(', ')}]`;
  return isMap(value)
    ? `{${[...value].map(([key, item]) => `${pythonRepr(key)}: ${pythonRepr(item)}`).join(', ')}}`
    : '';
}

/** The text of `repr(value)`: texts are quoted. */
export function pythonRepr(value: Value | undefined): string {
  if (typeof value === 'string') return stringRepr(value);
  return value instanceof YamlDate ? stringRepr(value.text) : pythonText(value);
}

/** A fraction in Python's shortest form: `.0` is kept, exponents below -4 and from 16 on. */
export function fractionText(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value < 0 ? '-inf' : 'inf';
  if (value === 0) return Object.is(value, -0) ? '-0.0' : '0.0';
  const [mantissa = '', exponentText = '0'] = value.toExponential().split('e');
  const exponent = Number(exponentText);
  if (exponent < -4 || exponent >= 16) {
    const sign = exponent < 0 ? '-' : '+';
    return `${mantissa}e${sign}${String(Math.abs(exponent)).padStart(2, '0')}`;
  }
  const plain = exponent < 0 ? value.toFixed(Math.max(decimals(mantissa) - exponent, 1)) : String(value);
  return plain.includes('.') ? plain : `${plain}.0`;
}

function decimals(mantissa: string): number {
  return mantissa.split('.')[1]?.length ?? 0;
}
