// SPDX-License-Identifier: Apache-2.0
// The calls of the Docker Engine API that the connector makes, with unversioned paths (docker.md §1).
import { ImError } from '../../domain/index.js';
import type { HttpAnswer, HttpCall, HttpClient } from '../shared/http.js';
import { asRecord, asRecords, asText, type JsonRecord, parseJson } from '../shared/json-reader.js';
import type { ImageReference } from './image-reference.js';
import * as views from './views.js';

/** How long a container gets to end by itself before the engine kills it. */
const STOP_SECONDS = 10;
/** Beyond the time that the engine itself waits. */
const STOP_TIMEOUT_MS = 60_000;
/** A pull may be silent for long while the engine unpacks a large layer. */
const PULL_SILENCE_MS = 300_000;
const PULL_TIMEOUT_MS = 3_600_000;

const LONGEST_MESSAGE = 500;

/** Answer of a create call: an object of that name may exist already. */
export type CreateResult = { readonly id: string } | { readonly isTaken: true; readonly message: string };

/** The engine. All methods fail with ImError `provider`; those that look something up give undefined when it does not exist. */
export interface DockerClient {
  info(signal: AbortSignal): Promise<views.EngineInfo>;

  imageExists(reference: ImageReference, signal: AbortSignal): Promise<boolean>;
  /** @throws ImError `provider` whose text is the reason that the engine gives, also in the middle of the progress stream */
  pullImage(reference: ImageReference, signal: AbortSignal): Promise<void>;

  createContainer(name: string, body: object, signal: AbortSignal): Promise<CreateResult>;
  inspectContainer(idOrName: string, signal: AbortSignal): Promise<views.ContainerView | undefined>;
  /** All containers, also stopped ones, with this label (`key` or `key=value`). */
  listContainers(label: string, signal: AbortSignal): Promise<readonly views.ContainerView[]>;
  startContainer(id: string, signal: AbortSignal): Promise<void>;
  stopContainer(id: string, signal: AbortSignal, seconds?: number): Promise<void>;
  restartContainer(id: string, signal: AbortSignal, seconds?: number): Promise<void>;
  /** Removes it with its anonymous volumes, running or not; nothing happens when it does not exist. */
  removeContainer(id: string, signal: AbortSignal): Promise<void>;
  /** Unpacks an archive at `/`. */
  putArchive(id: string, archive: Buffer, signal: AbortSignal): Promise<void>;
  /** An archive of one file. */
  getArchive(id: string, path: string, signal: AbortSignal): Promise<Buffer | undefined>;

  listNetworks(filters: Filters, signal: AbortSignal): Promise<readonly views.NetworkView[]>;
  createNetwork(body: object, signal: AbortSignal): Promise<string>;
  connectNetwork(networkId: string, container: string, aliases: readonly string[], signal: AbortSignal): Promise<void>;
  /** @returns why it cannot be removed now, or undefined when it is gone */
  removeNetwork(id: string, signal: AbortSignal): Promise<string | undefined>;

  volumeLabels(name: string, signal: AbortSignal): Promise<ReadonlyMap<string, string> | undefined>;
  listVolumes(filters: Filters, signal: AbortSignal): Promise<readonly string[]>;
  createVolume(body: object, signal: AbortSignal): Promise<void>;
  /** @returns why it cannot be removed now, or undefined when it is gone */
  removeVolume(name: string, signal: AbortSignal): Promise<string | undefined>;

  createService(body: object, signal: AbortSignal): Promise<CreateResult>;
  inspectService(idOrName: string, signal: AbortSignal): Promise<views.ServiceView | undefined>;
  listServices(filters: Filters, signal: AbortSignal): Promise<readonly views.ServiceView[]>;
  listTasks(filters: Filters, signal: AbortSignal): Promise<readonly views.TaskView[]>;
  removeService(id: string, signal: AbortSignal): Promise<void>;
}

/** Filters of list calls: name -> accepted values. */
export type Filters = Readonly<Record<string, readonly string[]>>;

/** Makes the client. @param name how error texts call the engine */
export function createDockerClient(http: HttpClient, name: string): DockerClient {
  /** Calls and insists on one of these statuses; 404 among them means "does not exist". */
  const expect = async (what: string, statuses: readonly number[], call: HttpCall): Promise<HttpAnswer> => {
    const answer = await http.call(call);
    if (!statuses.includes(answer.status)) throw new ImError('provider', `${what}: ${messageOf(answer)}`);
    return answer;
  };
  const json = (answer: HttpAnswer): unknown => parseJson(answer.body.toString('utf8'), name);
  const get = async (what: string, path: string, signal: AbortSignal, query?: Readonly<Record<string, string>>) => {
    const answer = await expect(what, [200, 404], { method: 'GET', path, signal, ...(query && { query }) });
    return answer.status === 404 ? undefined : json(answer);
  };
  const list = async (what: string, path: string, filters: Filters, signal: AbortSignal, extra = {}) =>
    asRecords(await get(what, path, signal, { filters: JSON.stringify(filters), ...extra }));
  const created = (answer: HttpAnswer, key: 'Id' | 'ID'): CreateResult => {
    if (answer.status === 409) return { isTaken: true, message: messageOf(answer) };
    const id = asText(asRecord(json(answer))[key]);
    if (id === '') throw new ImError('provider', `${name} gave no id for what it created.`);
    return { id };
  };
  const act = (what: string, path: string, signal: AbortSignal, query: Readonly<Record<string, string>> = {}) =>
    // 304: it is in that state already.
    expect(what, [204, 304], { method: 'POST', path, query, signal, isRepeatable: true, timeoutMs: STOP_TIMEOUT_MS });

  return {
    info: async (signal) => {
      const answer = await http.call({ method: 'GET', path: '/info', signal });
      return views.engineInfo(answer.status === 200 ? asRecord(json(answer)) : {});
    },

    imageExists: async (reference, signal) =>
      (await get('Error getting info about the image', `/images/${encodeImage(reference)}/json`, signal)) !== undefined,
    pullImage: (reference, signal) => pull(http, reference, signal),

    createContainer: async (container, body, signal) =>
      created(
        await expect('Error creating the Container', [201, 409], {
          method: 'POST',
          path: '/containers/create',
          query: { name: container },
          body,
          signal,
          // The name makes a repetition harmless: it is answered with 409.
          isRepeatable: true,
        }),
        'Id',
      ),
    inspectContainer: async (id, signal) =>
      found(
        await get('Error getting info about the Container', `/containers/${encodePath(id)}/json`, signal),
        views.inspectedContainer,
      ),
    listContainers: async (label, signal) => {
      const what = 'Error getting info about the Container';
      return (await list(what, '/containers/json', { label: [label] }, signal, { all: '1' })).map(
        views.listedContainer,
      );
    },
    startContainer: async (id, signal) => {
      await act('Error starting the Container', `/containers/${encodePath(id)}/start`, signal);
    },
    stopContainer: async (id, signal, seconds = STOP_SECONDS) => {
      const what = 'Error in Container Action the Container';
      await act(what, `/containers/${encodePath(id)}/stop`, signal, { t: String(seconds) });
    },
    restartContainer: async (id, signal, seconds = STOP_SECONDS) => {
      const what = 'Error in Container Action the Container';
      await act(what, `/containers/${encodePath(id)}/restart`, signal, { t: String(seconds) });
    },
    removeContainer: async (id, signal) => {
      await expect('Error deleting the Container', [200, 204, 404, 409], {
        method: 'DELETE',
        path: `/containers/${encodePath(id)}`,
        query: { v: '1', force: '1' },
        signal,
      });
    },
    putArchive: async (id, archive, signal) => {
      await expect('Error writing into the Container', [200], {
        method: 'PUT',
        path: `/containers/${encodePath(id)}/archive`,
        query: { path: '/' },
        headers: { 'content-type': 'application/x-tar' },
        body: archive,
        signal,
      });
    },
    getArchive: async (id, path, signal) => {
      const answer = await expect('Error reading from the Container', [200, 404], {
        method: 'GET',
        path: `/containers/${encodePath(id)}/archive`,
        query: { path },
        signal,
      });
      return answer.status === 404 ? undefined : answer.body;
    },

    listNetworks: async (filters, signal) =>
      (await list('Error getting info about the networks', '/networks', filters, signal)).map(views.network),
    createNetwork: async (body, signal) => {
      const what = 'Error creating the network';
      const answer = await expect(what, [200, 201], { method: 'POST', path: '/networks/create', body, signal });
      return asText(asRecord(json(answer)).Id);
    },
    connectNetwork: async (networkId, container, aliases, signal) => {
      await expect('Error attaching to networks the Container', [200], {
        method: 'POST',
        path: `/networks/${encodePath(networkId)}/connect`,
        body: { Container: container, EndpointConfig: { Aliases: aliases } },
        signal,
      });
    },
    removeNetwork: (id, signal) => removal(http, `/networks/${encodePath(id)}`, signal),

    volumeLabels: async (volume, signal) =>
      found(
        await get('Error getting info about the volume', `/volumes/${encodePath(volume)}`, signal),
        (value) => new Map(Object.entries(asRecord(value.Labels)).map(([key, label]) => [key, asText(label)])),
      ),
    listVolumes: async (filters, signal) => {
      const answer = await get('Error getting info about the volumes', '/volumes', signal, {
        filters: JSON.stringify(filters),
      });
      return asRecords(asRecord(answer).Volumes).map((volume) => asText(volume.Name));
    },
    createVolume: async (body, signal) => {
      const what = 'Error creating the volume';
      await expect(what, [200, 201], { method: 'POST', path: '/volumes/create', body, signal, isRepeatable: true });
    },
    removeVolume: (volume, signal) => removal(http, `/volumes/${encodePath(volume)}`, signal),

    createService: async (body, signal) =>
      created(
        await expect('Error creating the Container', [200, 201, 409], {
          method: 'POST',
          path: '/services/create',
          body,
          signal,
          isRepeatable: true,
        }),
        'ID',
      ),
    inspectService: async (id, signal) =>
      found(await get('Error getting info about the Container', `/services/${encodePath(id)}`, signal), views.service),
    listServices: async (filters, signal) =>
      (await list('Error getting info about the Container', '/services', filters, signal)).map(views.service),
    listTasks: async (filters, signal) =>
      (await list('Error getting info about the Container', '/tasks', filters, signal)).map(views.task),
    removeService: async (id, signal) => {
      await expect('Error deleting the Container', [200, 204, 404], {
        method: 'DELETE',
        path: `/services/${encodePath(id)}`,
        signal,
      });
    },
  };
}

function found<View>(value: unknown, view: (value: JsonRecord) => View): View | undefined {
  return value === undefined ? undefined : view(asRecord(value));
}

/** Deletes something that may be in use. */
async function removal(http: HttpClient, path: string, signal: AbortSignal): Promise<string | undefined> {
  const answer = await http.call({ method: 'DELETE', path, signal });
  if ([200, 204, 404].includes(answer.status)) return undefined;
  return messageOf(answer);
}

/** The engine answers a pull with 200 and reports failures as lines of the progress stream. */
async function pull(http: HttpClient, reference: ImageReference, signal: AbortSignal): Promise<void> {
  const { status, lines } = await http.lines({
    method: 'POST',
    path: '/images/create',
    query: { fromImage: reference.name, tag: reference.tag },
    signal: AbortSignal.any([signal, AbortSignal.timeout(PULL_TIMEOUT_MS)]),
    timeoutMs: PULL_SILENCE_MS,
  });
  let failure: string | undefined;
  for await (const line of lines) {
    const progress = asRecord(parseJson(line, 'the Docker engine'));
    const text = asText(asRecord(progress.errorDetail).message) || asText(progress.error);
    if (text !== '') failure = text;
    else if (status !== 200 && status !== 201) failure ??= asText(progress.message);
  }
  if (failure !== undefined) throw new ImError('provider', bounded(failure));
  if (status !== 200 && status !== 201) throw new ImError('provider', `status ${status}`);
}

/** The reason that an error answer gives: the engine's `message`, else the text itself. */
function messageOf(answer: HttpAnswer): string {
  const text = answer.body.toString('utf8', 0, 4096).trim();
  const message = /^\s*\{/.test(text) ? asText(asRecord(tryJson(text)).message) : '';
  return bounded(message !== '' ? message : text !== '' ? text : `status ${answer.status}`);
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // Not JSON: the caller shows the text as it is.
  }
}

/** Provider texts end up in answers and logs: one line, not endless. */
function bounded(text: string): string {
  return text
    .replace(/\p{Cc}+/gu, ' ')
    .trim()
    .slice(0, LONGEST_MESSAGE);
}

/** A path element that cannot reach into another path. */
function encodePath(text: string): string {
  return encodeURIComponent(text).replace(/^\.+$/, (dots) => '%2E'.repeat(dots.length));
}

/** Image references are several path elements; they were checked when they were parsed. */
function encodeImage(reference: ImageReference): string {
  return reference.text.split('/').map(encodePath).join('/').replaceAll('%3A', ':').replaceAll('%40', '@');
}
