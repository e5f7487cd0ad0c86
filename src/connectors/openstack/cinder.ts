// SPDX-License-Identifier: Apache-2.0
// The calls of the volume service (Cinder v3) that the connector makes. Clouds without it have no volumes.
import { asRecord, type JsonRecord } from '../shared/json-reader.js';
import type { Session } from './session.js';
import { type VolumeView, volumeView } from './views.js';

/** The volume service. What is looked up and does not exist is undefined; deleting it is no error. */
export interface Cinder {
  isThere(signal: AbortSignal): Promise<boolean>;
  volume(id: string, signal: AbortSignal): Promise<VolumeView | undefined>;
  /** Volumes of the project that carry this metadata; all without. */
  volumes(metadata: Readonly<Record<string, string>> | undefined, signal: AbortSignal): Promise<readonly VolumeView[]>;
  createVolume(body: JsonRecord, signal: AbortSignal): Promise<VolumeView>;
  deleteVolume(id: string, signal: AbortSignal): Promise<void>;
  deleteSnapshot(id: string, signal: AbortSignal): Promise<void>;
  quotas(projectId: string, signal: AbortSignal): Promise<JsonRecord>;
}

/** Makes the client. */
export function createCinder(session: Session): Cinder {
  const volumePath = (id: string): string => `/volumes/${encodeURIComponent(id)}`;
  return {
    isThere: (signal) => session.has('volume', signal),
    volume: async (id, signal) => {
      const answer = await session.call('volume', { method: 'GET', path: volumePath(id), signal, accepts: [404] });
      if (answer.status === 404) return undefined;
      return volumeView(asRecord(asRecord(JSON.parse(answer.body.toString('utf8'))).volume));
    },
    volumes: async (metadata, signal) => {
      const query = metadata === undefined ? {} : { metadata: pythonDict(metadata) };
      const volumes = await session.list('volume', 'volumes', {
        method: 'GET',
        path: '/volumes/detail',
        query,
        signal,
      });
      // A service that is not configured for this filter shows all volumes of the project.
      return volumes
        .map(volumeView)
        .filter((volume) => Object.entries(metadata ?? {}).every(([key, value]) => volume.metadata.get(key) === value));
    },
    createVolume: async (body, signal) =>
      volumeView(
        asRecord(
          (await session.json('volume', { method: 'POST', path: '/volumes', body: { volume: body }, signal })).volume,
        ),
      ),
    deleteVolume: async (id, signal) => {
      await session.call('volume', { method: 'DELETE', path: volumePath(id), signal, accepts: [404] });
    },
    deleteSnapshot: async (id, signal) => {
      const path = `/snapshots/${encodeURIComponent(id)}`;
      await session.call('volume', { method: 'DELETE', path, signal, accepts: [404] });
    },
    quotas: async (projectId, signal) => {
      const path = `/os-quota-sets/${encodeURIComponent(projectId)}`;
      return asRecord(
        (await session.json('volume', { method: 'GET', path, query: { usage: 'True' }, signal })).quota_set,
      );
    },
  };
}

/** The filter is read as a Python literal; our keys and values hold neither quotes nor backslashes. */
function pythonDict(values: Readonly<Record<string, string>>): string {
  return `{${Object.entries(values)
    .map(([key, value]) => `'${key}': '${value}'`)
    .join(', ')}}`;
}
