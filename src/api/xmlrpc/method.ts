// SPDX-License-Identifier: Apache-2.0
// A method of the API as data, and the conversion of results to XML-RPC values (xmlrpc-api.md §3).
import type { AuthItem, JsonValue } from '../../domain/index.js';
import type { Call, InfrastructureManager } from '../../manager/manager.js';
import type { RadlValue } from '../../radl/index.js';
import type { PlainProperty } from '../property-value.js';
import type { Arguments } from './arguments.js';
import type { Signature } from './fault.js';
import type { XmlRpcValue } from './value.js';

/** What a method works with. */
export interface MethodContext {
  readonly manager: InfrastructureManager;
  readonly args: Arguments;
  /** GetVMInfo answers RADL JSON (VMINFO_JSON). */
  readonly isVmInfoJson: boolean;
  /** The call of the use cases, with the given authorization data. */
  call(items: readonly AuthItem[]): Call;
}

/** See the top of the file. */
export interface Method {
  readonly name: string;
  /** Other names under which it is called. */
  readonly aliases?: readonly string[];
  readonly signature: Signature;
  /** Position of the parameter that holds a deployment document. */
  readonly documentAt?: number;
  run(context: MethodContext): Promise<XmlRpcValue>;
}

/** Names of mandatory parameters, then of optional ones. */
export function signature(required: readonly string[], optional: readonly string[] = []): Signature {
  return { required, optional };
}

/** Plain data of the use cases: whole numbers become integers, nulls and undefined members are left out. */
export function fromJson(value: JsonValue): XmlRpcValue {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : value;
  if (typeof value !== 'object' || value === null) return value;
  if (isJsonArray(value)) return value.map(fromJson);
  return new Map(
    Object.entries(value).flatMap(([key, member]): [string, XmlRpcValue][] =>
      member === undefined || member === null ? [] : [[key, fromJson(member)]],
    ),
  );
}

function isJsonArray(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}

/** A VM property: RADL keeps integers and fractions apart, and so does XML-RPC. */
export function fromProperty(value: PlainProperty): XmlRpcValue {
  if (!(value instanceof Map)) return value;
  const item = (features: ReadonlyMap<string, RadlValue>): XmlRpcValue => new Map(features);
  return new Map([...value].map(([name, features]) => [name, item(features)] as const));
}
