// SPDX-License-Identifier: Apache-2.0
// Everything that a translation reads from elsewhere, collected and fetched before it starts (spec tosca 8.10, 8.13).
import { createSemaphore } from '../util/semaphore.js';
import { artifactsOf, artifactUri, namedArtifactUri } from './artifacts.js';
import { type FetchFailure, fetchFailure, type ToscaEnvironment } from './environment.js';
import { ToscaError } from './error.js';
import { hostOf } from './graph.js';
import { type Operation, relationshipOperations, runningOperations } from './operations.js';
import { pythonText } from './python-text.js';
import { fileUrl, isWebUrl } from './repository.js';
import type { NodeTemplate, Template } from './template.js';
import { asText, isMap, isTruthy } from './value.js';

/** Where relative implementations are. */
export const ARTIFACTS_URL = 'https://raw.githubusercontent.com/grycap/tosca/main/artifacts/';

/** What came of fetching a URL. */
export type Fetched = { readonly text: string } | FetchFailure;

/** Fetched texts and failures by URL. */
export type Sources = ReadonlyMap<string, Fetched>;

/** Root type of containers. */
export const CONTAINER_APPLICATION = 'tosca.nodes.Container.Application';

const FETCHES_AT_ONCE = 8;
const MAX_SOURCES = 1000;

/**
 * Fetches all implementations and config files of the document, each once.
 *
 * @throws ToscaError when there are too many
 */
export async function fetchSources(template: Template, environment: Pick<ToscaEnvironment, 'fetch'>): Promise<Sources> {
  const urls = new Set<string>();
  const added = relationshipOperations(template);
  for (const node of template.nodes.values()) {
    if (hostOf(template, node) !== undefined) {
      for (const operation of runningOperations(template, node, added)) {
        const url = implementationUrl(template, operation);
        if (url !== undefined) urls.add(url);
      }
    }
    for (const url of configFileUrls(template, node)) urls.add(url);
  }
  if (urls.size > MAX_SOURCES)
    throw new ToscaError(`The document refers to ${urls.size} files; ${MAX_SOURCES} are the most.`);
  const limit = createSemaphore(FETCHES_AT_ONCE);
  const fetched = await Promise.all([...urls].map((url) => limit.run(() => fetchOne(url, environment))));
  return new Map([...urls].map((url, index) => [url, fetched[index] ?? { reason: 'not fetched', body: '' }]));
}

async function fetchOne(url: string, environment: Pick<ToscaEnvironment, 'fetch'>): Promise<Fetched> {
  try {
    return { text: await environment.fetch(url) };
  } catch (error) {
    // Reported where the text is needed, if it is.
    return fetchFailure(error);
  }
}

/** The place of an operation's implementation as written: an artifact's URI, a file in a repository, or the text. */
export function implementationPlace(template: Template, { implementation, owner }: Operation): string {
  if (isMap(implementation)) {
    return fileUrl(template.repositories, pythonText(implementation.get('file')), implementation.get('repository'));
  }
  const written = pythonText(implementation);
  return owner.kind === 'node' ? namedArtifactUri(template, owner, written) : written;
}

/** The URL to fetch an implementation from; undefined when it may not be read. */
export function implementationUrl(template: Template, operation: Operation): string | undefined {
  const { implementation } = operation;
  const file = isMap(implementation) ? asText(implementation.get('file')) : asText(implementation);
  if (file === undefined || file === '') return undefined;
  const place = implementationPlace(template, operation);
  if (isWebUrl(place)) return place;
  const isRelative = !/^[a-z][a-z0-9+.-]*:/i.test(place) && !place.startsWith('/') && !place.startsWith('\\');
  if (!isRelative || !URL.canParse(place, ARTIFACTS_URL)) return undefined;
  const url = new URL(place, ARTIFACTS_URL).href;
  return url.startsWith(ARTIFACTS_URL) ? url : undefined;
}

/** Files that become config maps of a container. */
function* configFileUrls(template: Template, node: NodeTemplate): Generator<string> {
  if (node.rootType !== CONTAINER_APPLICATION) return;
  for (const artifact of artifactsOf(template, node).values()) {
    const isConfigMap = artifact.type === 'tosca.artifacts.File' && artifact.deployPath !== undefined;
    if (!isConfigMap || isTruthy(artifact.properties.get('content'))) continue;
    const url = artifactUri(template, artifact);
    if (isWebUrl(url)) yield url;
  }
}
