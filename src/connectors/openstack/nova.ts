// SPDX-License-Identifier: Apache-2.0
// The calls of the compute service (Nova v2.1) that the connector makes.
import type { HttpAnswer } from '../shared/http.js';
import { asRecord, asText, asTextMap, type JsonRecord } from '../shared/json-reader.js';
import type { Session } from './session.js';
import { type Flavor, flavorView, type ServerView, serverView } from './views.js';

/** The compute service. What is looked up and does not exist is undefined; deleting it is no error. */
export interface Nova {
  flavors(signal: AbortSignal): Promise<readonly Flavor[]>;
  /** @returns the server's id */
  createServer(server: JsonRecord, signal: AbortSignal): Promise<string>;
  server(id: string, signal: AbortSignal): Promise<ServerView | undefined>;
  /** Servers of the project. @param name part of the name, a regular expression for most clouds */
  servers(name: string | undefined, signal: AbortSignal): Promise<readonly ServerView[]>;
  deleteServer(id: string, signal: AbortSignal): Promise<void>;
  action(id: string, action: JsonRecord, signal: AbortSignal): Promise<HttpAnswer>;
  attachVolume(serverId: string, volumeId: string, device: string | undefined, signal: AbortSignal): Promise<void>;
  detachVolume(serverId: string, volumeId: string, signal: AbortSignal): Promise<void>;
  quotas(projectId: string, signal: AbortSignal): Promise<JsonRecord>;
  /** Can block devices name a volume type? */
  takesVolumeType(signal: AbortSignal): Promise<boolean>;
}

/**
 * Newest microversion that the connector was written for: with 2.61 flavors come with their extra specs, with 2.67 block devices take a volume
 * type.
 */
const WANTED_MINOR = 79;
const INLINE_SPECS_MINOR = 61;
const VOLUME_TYPE_MINOR = 67;
const LARGEST_PAGE = '1000';

/** Makes the client. */
export function createNova(session: Session): Nova {
  const minor = async (signal: AbortSignal): Promise<number> => {
    const asked = session.credential.microversions.get('compute') ?? (await session.latestCompute(signal));
    const match = /^2\.(\d+)$/.exec(asked);
    return match === null ? 1 : Math.min(Number(match[1]), WANTED_MINOR);
  };
  const version = async (signal: AbortSignal): Promise<{ readonly microversion?: string }> => {
    const found = await minor(signal);
    return found <= 1 ? {} : { microversion: `2.${found}` };
  };
  const serverPath = (id: string): string => `/servers/${encodeURIComponent(id)}`;

  /** Clouds of before 2018 tell the specs of one flavor per call. */
  const withSpecs = async (flavor: Flavor, signal: AbortSignal): Promise<Flavor> => {
    const path = `/flavors/${encodeURIComponent(flavor.id)}/os-extra_specs`;
    const answer = await session.call('compute', { method: 'GET', path, signal, accepts: [403, 404] });
    if (answer.status !== 200) return flavor;
    const { extra_specs: specs } = asRecord(JSON.parse(answer.body.toString('utf8')));
    return { ...flavor, extraSpecs: asTextMap(specs) };
  };

  return {
    flavors: async (signal) => {
      const listed = (
        await session.list('compute', 'flavors', {
          method: 'GET',
          path: '/flavors/detail',
          signal,
          ...(await version(signal)),
        })
      ).map(flavorView);
      if ((await minor(signal)) >= INLINE_SPECS_MINOR) return listed;
      return Promise.all(listed.map((flavor) => withSpecs(flavor, signal)));
    },
    createServer: async (server, signal) => {
      const call = { method: 'POST', path: '/servers', body: { server }, signal, ...(await version(signal)) } as const;
      return asText(asRecord((await session.json('compute', call)).server).id);
    },
    server: async (id, signal) => {
      const answer = await session.call('compute', {
        method: 'GET',
        path: serverPath(id),
        signal,
        accepts: [404],
        ...(await version(signal)),
      });
      if (answer.status === 404) return undefined;
      return serverView(asRecord(asRecord(JSON.parse(answer.body.toString('utf8'))).server));
    },
    servers: async (name, signal) =>
      (
        await session.list('compute', 'servers', {
          method: 'GET',
          path: '/servers/detail',
          query: { limit: LARGEST_PAGE, ...(name !== undefined && { name }) },
          signal,
          ...(await version(signal)),
        })
      ).map(serverView),
    deleteServer: async (id, signal) => {
      await session.call('compute', { method: 'DELETE', path: serverPath(id), signal, accepts: [404] });
    },
    action: async (id, action, signal) =>
      session.call('compute', {
        method: 'POST',
        path: `${serverPath(id)}/action`,
        body: action,
        signal,
        ...(await version(signal)),
      }),
    attachVolume: async (serverId, volumeId, device, signal) => {
      await session.call('compute', {
        method: 'POST',
        path: `${serverPath(serverId)}/os-volume_attachments`,
        body: { volumeAttachment: { volumeId, ...(device !== undefined && { device }) } },
        signal,
      });
    },
    detachVolume: async (serverId, volumeId, signal) => {
      await session.call('compute', {
        method: 'DELETE',
        path: `${serverPath(serverId)}/os-volume_attachments/${encodeURIComponent(volumeId)}`,
        signal,
        accepts: [404],
      });
    },
    quotas: async (projectId, signal) => {
      const path = `/os-quota-sets/${encodeURIComponent(projectId)}/detail`;
      return asRecord((await session.json('compute', { method: 'GET', path, signal })).quota_set);
    },
    takesVolumeType: async (signal) => (await minor(signal)) >= VOLUME_TYPE_MINOR,
  };
}
