// SPDX-License-Identifier: Apache-2.0
// What the connector keeps with a VM beside its documents.
import type { JsonObject, JsonValue } from '../../domain/index.js';

/** See the top of the file. Other keys of the record (made by the reference or by other parts) are kept as they are. */
export interface VmExtra {
  /** Ids of the ports that were made for it. */
  readonly ports: readonly string[];
  /** Ids of the volumes that an alter made for it. */
  readonly volumes: readonly string[];
  /** Present while a floating IP is missing. */
  readonly floatingIp?: { readonly attempts: number; readonly problem: string };
}

/** Reads the record. */
export function decodeExtra(extra: JsonObject): VmExtra {
  const { floatingIp } = extra;
  const isMissing = typeof floatingIp === 'object' && floatingIp !== null && !Array.isArray(floatingIp);
  const { attempts, problem } = isMissing ? (floatingIp as JsonObject) : {};
  return {
    ports: texts(extra.ports),
    volumes: texts(extra.volumes),
    ...(isMissing && {
      floatingIp: { attempts: Number(attempts ?? 0), problem: typeof problem === 'string' ? problem : '' },
    }),
  };
}

/** Writes the record over what was kept before. */
export function encodeExtra({ ports, volumes, floatingIp }: VmExtra, before: JsonObject = {}): JsonObject {
  const { floatingIp: _old, ...rest } = before;
  return { ...rest, ports, volumes, ...(floatingIp !== undefined && { floatingIp: { ...floatingIp } }) };
}

/** Addresses of the user that the reference attached to the VM. */
export function reusedAddresses(extra: JsonObject): readonly string[] {
  return texts(extra.floating_ips);
}

function texts(value: JsonValue | undefined): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}
