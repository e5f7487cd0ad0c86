// SPDX-License-Identifier: Apache-2.0
// All methods by the names under which they can be called.
import { cloudMethods } from './cloud-methods.js';
import { infrastructureMethods } from './infrastructure-methods.js';
import type { Method } from './method.js';
import { vmMethods } from './vm-methods.js';

const all: readonly Method[] = [...infrastructureMethods, ...vmMethods, ...cloudMethods];

/** Methods by name, aliases included. */
export const methods: ReadonlyMap<string, Method> = new Map(
  all.flatMap((method) => [method.name, ...(method.aliases ?? [])].map((name) => [name, method] as const)),
);
