// SPDX-License-Identifier: Apache-2.0
// What a placement would use, in the shape of the dry run (core.md §21.1).
import type { CloudCredential, JsonObject } from '../domain/index.js';
import { hasPublicNetwork, type Radl, type System } from '../radl/index.js';
import type { Placement } from './place.js';

/** Resources per cloud id; systems that no cloud can serve are left out, their cloud stays. */
export function estimate(request: Radl, placement: Placement): JsonObject {
  const clouds = new Map<string, { cloud: CloudCredential; compute: JsonObject[]; storage: JsonObject[] }>();
  for (const unit of placement.units) {
    const entry = clouds.get(unit.cloud.id) ?? { cloud: unit.cloud, compute: [], storage: [] };
    clouds.set(unit.cloud.id, entry);
    if (!('system' in unit.choice)) {
      continue;
    }
    for (let n = 0; n < unit.count; n += 1) {
      entry.compute.push(computeItem(request, unit.choice.system));
      entry.storage.push(...storageItems(unit.choice.system));
    }
  }
  const result: Record<string, JsonObject> = {};
  for (const [id, { cloud, compute, storage }] of clouds) {
    result[id] = { cloudType: cloud.type, cloudEndpoint: endpoint(cloud), compute, storage };
  }
  return result;
}

/** Text URL of a cloud (core.md §8): port 80 for http and for no scheme, 443 for https. */
export function endpoint(cloud: Pick<CloudCredential, 'protocol' | 'server' | 'port' | 'path'>): string {
  const protocol = cloud.protocol === '' ? 'http' : cloud.protocol;
  const fallback = protocol === 'https' ? 443 : 80;
  const port = cloud.port === -1 ? fallback : cloud.port;
  return `${protocol}://${cloud.server}:${port}${cloud.path}`;
}

function computeItem(request: Radl, system: System): JsonObject {
  const { features } = system;
  const gpus = features.getNumber('gpu.count');
  const disk = (features.getNumber('disk.0.free_size', 'G') ?? 0) + (features.getNumber('disk.0.size', 'G') ?? 0);
  return {
    cpuCores: features.getNumber('cpu.count') ?? 1,
    memoryInMegabytes: features.getNumber('memory.size', 'M') ?? 0,
    ...(gpus !== undefined && { GPU: gpus }),
    ...(disk > 0 && { diskSizeInGigabytes: disk }),
    ...(hasPublicNetwork(request, system.name) && { publicIP: 1 }),
  };
}

function storageItems(system: System): readonly JsonObject[] {
  const { features } = system;
  const items: JsonObject[] = [];
  for (let n = 0; n === 0 || features.has(`disk.${n}.size`) || features.has(`disk.${n}.content`); n += 1) {
    const size = features.getNumber(`disk.${n}.size`, 'G');
    if (size !== undefined) {
      const type = features.getText(`disk.${n}.type`);
      items.push({ sizeInGigabytes: size, ...(type !== undefined && { type }) });
    }
  }
  return items;
}
