// SPDX-License-Identifier: Apache-2.0
// Finds everything that the documents ask for, and what that needs, once per infrastructure: later runs use the same contents by checksum.
import type { JsonObject, JsonValue } from '../../domain/index.js';
import { type ContentPin, type ContentRequest, requestKey } from './content.js';
import type { ContentCache } from './content-cache.js';
import { type DownloadTools, download } from './download.js';
import { ContentError, describeRequest } from './failure.js';
import { keepsBounds } from './versions.js';

/** A role or collection for the control node. */
export interface ContentPackage extends ContentPin {
  readonly request: ContentRequest;
  /**
   * The packed content, compressed by gzip: asked for only when the control node lacks it.
   * @throws ContentError when it is nowhere any more, or has changed since its first use.
   */
  load(): Promise<Buffer>;
}

/** What a run uses. */
export interface GatheredContent {
  readonly packages: readonly ContentPackage[];
  /** To be kept with the infrastructure. */
  readonly pins: JsonObject;
  /** For the log of the infrastructure. */
  readonly notes: readonly string[];
}

/** What gathering needs. */
export interface GatherTools extends DownloadTools {
  readonly cache: ContentCache;
  /** A copy could not be kept. */
  readonly onCacheFailure: (error: unknown) => void;
}

const MOST_PACKAGES = 100;

/**
 * Resolves the requests and all that they need, in order; of two that go to the same place the first one wins.
 *
 * @param pins of earlier runs; with `refresh` they are only compared with
 * @throws ContentError; the signal's reason on abort
 */
export async function gatherContent(
  requests: readonly ContentRequest[],
  pins: JsonObject,
  refresh: boolean,
  tools: GatherTools,
): Promise<GatheredContent> {
  const packages = new Map<string, ContentPackage>();
  const kept = new Map<string, JsonValue>();
  const notes: string[] = [];
  const queue = [...requests];
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const request = next;
    tools.signal.throwIfAborted();
    const key = requestKey(request);
    if (kept.has(key) || isSatisfied(request, packages)) continue;
    const known = readPin(pins[key]);
    const content = known && !refresh ? await pinned(request, known, tools) : await fetched(request, tools);
    if (known && known.sha256 !== content.sha256) notes.push(changeLine(request, known, content));
    const { path, sha256, needs } = content;
    kept.set(key, { path, sha256, needs: needs.map((need) => ({ ...need })) });
    const other = packages.get(path);
    if (other === undefined) packages.set(path, content);
    else if (other.sha256 !== sha256) {
      notes.push(
        `WARNING: ${describeRequest(request)} is not installed: ${describeRequest(other.request)} takes its place.`,
      );
    }
    if (packages.size > MOST_PACKAGES) {
      throw new ContentError(`More than ${MOST_PACKAGES} roles and collections are needed.`);
    }
    queue.push(...needs);
  }
  return { packages: [...packages.values()], pins: Object.fromEntries(kept), notes };
}

/** A collection that is there already need not be asked for again with bounds that any version keeps. */
function isSatisfied(
  { kind, source, version = '*' }: ContentRequest,
  packages: ReadonlyMap<string, ContentPackage>,
): boolean {
  if (kind !== 'collection' || source.includes('://')) return false;
  const there = packages.get(`collections/ansible_collections/${source.replace('.', '/')}`);
  if (there === undefined) return false;
  const chosen = there.request.version;
  return version === '*' || chosen === undefined || !/^\d/.test(chosen) || keepsBounds(chosen, version);
}

async function fetched(request: ContentRequest, tools: GatherTools): Promise<ContentPackage> {
  const { packed, ...pin } = await download(request, tools);
  let copy: Buffer | undefined;
  try {
    copy = await tools.cache.put(pin.sha256, packed);
  } catch (error) {
    tools.onCacheFailure(error);
  }
  return { ...pin, request, load: async () => copy ?? tools.cache.put(pin.sha256, packed) };
}

async function pinned(request: ContentRequest, pin: ContentPin, tools: GatherTools): Promise<ContentPackage> {
  const load = async (): Promise<Buffer> => {
    const copy = await tools.cache.get(pin.sha256);
    if (copy !== undefined) return copy;
    const now = await fetched(request, tools);
    if (now.sha256 === pin.sha256) return now.load();
    throw new ContentError(
      `${describeRequest(request)} has changed since this infrastructure used it first (SHA-256 ${pin.sha256}, now ` +
        `${now.sha256}): reconfigure the infrastructure to take it as it is now.`,
    );
  };
  return { ...pin, request, load };
}

function changeLine(request: ContentRequest, before: ContentPin, now: ContentPin): string {
  const short = ({ sha256 }: ContentPin): string => sha256.slice(0, 12);
  return `Galaxy ${request.kind} ${describeRequest(request)} has changed: SHA-256 ${short(before)}... is now ${short(now)}...`;
}

const isObject = (value: JsonValue | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A pin as it was saved; anything else counts as none. */
function readPin(value: JsonValue | undefined): ContentPin | undefined {
  if (!isObject(value)) return undefined;
  const { path, sha256, needs } = value;
  if (typeof path !== 'string' || typeof sha256 !== 'string' || !/^[0-9a-f]{64}$/.test(sha256)) return undefined;
  return { path, sha256, needs: Array.isArray(needs) ? needs.flatMap(readRequest) : [] };
}

function readRequest(value: JsonValue): readonly ContentRequest[] {
  if (!isObject(value)) return [];
  const { kind, source, name, version } = value;
  if ((kind !== 'role' && kind !== 'collection') || typeof source !== 'string') return [];
  return [
    {
      kind,
      source,
      ...(typeof name === 'string' && { name }),
      ...(typeof version === 'string' && { version }),
    },
  ];
}
