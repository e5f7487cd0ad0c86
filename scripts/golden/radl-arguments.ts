// SPDX-License-Identifier: Apache-2.0
// Reads the `args` of RADL cases.
import type { GoldenCase } from './suite.js';

/** One argument of a case. */
export function argument(golden: GoldenCase, name: string): unknown {
  return golden.args?.[name];
}

/** A text argument; empty when absent. */
export function textArgument(golden: GoldenCase, name: string): string {
  const value = argument(golden, name);
  return typeof value === 'string' ? value : '';
}

/** An object of texts as a map; empty when absent. */
export function textMapArgument(golden: GoldenCase, name: string): ReadonlyMap<string, string> {
  const value = argument(golden, name) ?? {};
  if (typeof value !== 'object') return new Map();
  return new Map(Object.entries(value).map(([key, member]) => [key, String(member)]));
}

/** A list argument; empty when absent. */
export function listArgument(golden: GoldenCase, name: string): readonly unknown[] {
  const value = argument(golden, name);
  return Array.isArray(value) ? value : [];
}

/** The calls of `helpers` and `vm` cases: name and arguments; a last `{"kw": ...}` gives named arguments. */
export interface HelperCall {
  readonly name: string;
  readonly values: readonly unknown[];
  readonly named: Readonly<Record<string, unknown>>;
}

/** Reads one recorded call. */
export function helperCall(value: unknown): HelperCall {
  if (!Array.isArray(value)) throw new Error('a call is a list');
  const [name, ...values]: unknown[] = value;
  const last = values.at(-1);
  const named = typeof last === 'object' && last !== null && 'kw' in last ? last.kw : undefined;
  if (typeof named !== 'object' || named === null) return { name: String(name), values, named: {} };
  return { name: String(name), values: values.slice(0, -1), named: Object.fromEntries(Object.entries(named)) };
}

/** A text, or undefined for null and absent. */
export function optionalText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** A number, or undefined for null and absent. */
export function optionalNumber(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}
