// SPDX-License-Identifier: Apache-2.0
// What counts as an intrinsic function (spec tosca 7.1).
import { isList, isMap, type Value } from './value.js';

const NAMES = ['get_input', 'get_property', 'get_attribute', 'get_operation_output', 'concat', 'token'] as const;

/** The names of functions. */
export type FunctionName = (typeof NAMES)[number];

/** A function with its arguments, as written. */
export interface FunctionCall {
  readonly name: FunctionName;
  readonly args: readonly Value[];
}

/** The function that the value is: any mapping with one key that is a function's name, whatever was meant. */
export function functionOf(value: Value | undefined): FunctionCall | undefined {
  if (!isMap(value) || value.size !== 1) return undefined;
  for (const [key, argument] of value) {
    const name = NAMES.find((known) => known === key);
    if (name !== undefined) return { name, args: isList(argument) ? argument : [argument] };
  }
  return undefined;
}
