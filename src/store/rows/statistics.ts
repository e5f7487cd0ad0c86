// SPDX-License-Identifier: Apache-2.0
// What statistics need of documents, kept in plain columns so that it outlives the scrub (oidc-vault-oai-stats.md §4).
import type { JsonObject } from '../../domain/index.js';
import type { Radl } from '../../radl/index.js';
import { STATISTICS_KEY } from '../statistics-key.js';
import { isJsonObject } from './row.js';

/** Name of the template, which a use case that accepts templates puts under `statistics.templateName` of `extra`. */
export function templateNameOf(extra: JsonObject): string {
  const statistics = extra[STATISTICS_KEY];
  const name = isJsonObject(statistics) ? statistics.templateName : undefined;
  return typeof name === 'string' ? name : '';
}

/** What stays of `extra` when an infrastructure is deleted. */
export function scrubbedExtra(extra: JsonObject): JsonObject {
  const kept = extra[STATISTICS_KEY];
  return isJsonObject(kept) ? { [STATISTICS_KEY]: kept } : {};
}

/** Size of a VM: what its system says, null where it says nothing usable. */
export function sizeColumns(info: Radl): { readonly cpu_count: number | null; readonly memory_bytes: number | null } {
  const features = info.systems[0]?.features;
  const cpuCount = features?.getNumber('cpu.count');
  const memory = Math.round(features?.getNumber('memory.size') ?? Number.NaN);
  return {
    cpu_count: cpuCount !== undefined && Number.isFinite(cpuCount) ? cpuCount : null,
    memory_bytes: Number.isSafeInteger(memory) ? memory : null,
  };
}
