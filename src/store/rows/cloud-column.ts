// SPDX-License-Identifier: Apache-2.0
// The cloud of a VM or resource as a JSON column: no secrets are in it.
import type { CloudReference, JsonObject } from '../../domain/index.js';
import { isTextRecord, parseJsonObject, type Row, textOf, unreadable } from './row.js';

/** A cloud reference as column. */
export function fromCloud({ id, type, protocol, server, port, path, extra }: CloudReference): string {
  // Member by member: a whole credential also fits the type, and its secrets must not get here.
  return JSON.stringify({ id, type, protocol, server, port, path, extra });
}

/** A cloud reference from its column. */
export function cloudOf(row: Row): CloudReference {
  const cloud = parseJsonObject(textOf(row, 'cloud'), 'cloud');
  const { port, extra } = cloud;
  if (typeof port !== 'number' || !isTextRecord(extra)) {
    return unreadable('cloud');
  }
  return {
    id: member(cloud, 'id'),
    type: member(cloud, 'type'),
    protocol: member(cloud, 'protocol'),
    server: member(cloud, 'server'),
    port,
    path: member(cloud, 'path'),
    extra,
  };
}

function member(cloud: JsonObject, name: string): string {
  const value = cloud[name];
  return typeof value === 'string' ? value : unreadable('cloud');
}
