// SPDX-License-Identifier: Apache-2.0
// Values of XML-RPC as this room handles them: integers apart from doubles, structs with any keys in order.

/** A struct. */
export type XmlRpcStruct = ReadonlyMap<string, XmlRpcValue>;

/** A `bigint` is an integer, a `number` a double; null stands for `<nil/>`. Dates are kept as their text. */
export type XmlRpcValue =
  | string
  | boolean
  | bigint
  | number
  | null
  | Uint8Array
  | readonly XmlRpcValue[]
  | XmlRpcStruct;

/** A method call as it came. */
export interface MethodCall {
  readonly method: string;
  readonly parameters: readonly XmlRpcValue[];
}

/** Is it an array? (`Array.isArray` loses the element type of readonly arrays.) */
export function isArray(value: XmlRpcValue): value is readonly XmlRpcValue[] {
  return Array.isArray(value);
}

/** Is it a struct? */
export function isStruct(value: XmlRpcValue): value is XmlRpcStruct {
  return value instanceof Map;
}
