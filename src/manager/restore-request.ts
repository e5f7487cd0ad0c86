// SPDX-License-Identifier: Apache-2.0
// The journal form of a restoration: what the infrastructure was asked to be, put together before it is accepted, so that nothing is read
// or fetched again when it is its turn.
import { badRequest, type JsonObject, type Operation } from '../domain/index.js';
import { deserializeRadl, type Radl, serializeRadl } from '../radl/index.js';

/** Request of a restoration. */
export interface RestoreRequest {
  /** Number of the revision whose state returns. */
  readonly revision: number;
  /** Definitions of all documents up to it. */
  readonly radl: Radl;
  /** Machines by system. */
  readonly counts: ReadonlyMap<string, number>;
  /** Clouds that deploys named, by system. */
  readonly cloudIds: ReadonlyMap<string, string>;
  readonly kind: 'radl' | 'tosca';
  /** The revision's text. */
  readonly text: string;
  /** The TOSCA document of then in its stored form, see storeTosca. */
  readonly form?: string;
  readonly isContextualized: boolean;
  readonly serviceUrl: string;
}

/** Field with the revision's number: the operation's own revision is that one again, whatever lies between. */
const RESTORED = 'restoredRevision';

/** As stored with the operation. */
export function encodeRestoreRequest({
  revision,
  radl,
  counts,
  cloudIds,
  kind,
  text,
  form,
  isContextualized,
  serviceUrl,
}: RestoreRequest): JsonObject {
  return {
    [RESTORED]: revision,
    radl: serializeRadl(radl),
    // Pairs: systems may have any name.
    counts: [...counts],
    cloudIds: [...cloudIds],
    kind,
    text,
    ...(form !== undefined && { form }),
    isContextualized,
    serviceUrl,
  };
}

/** @throws ImError `bad-request` when the row is damaged */
export function decodeRestoreRequest({ id, request }: Operation): RestoreRequest {
  const { radl, counts, cloudIds, kind, text, form, isContextualized, serviceUrl } = request;
  const revision = restoredRevision(request);
  if (revision === 0 || typeof radl !== 'string' || typeof text !== 'string') {
    throw badRequest(`The request of operation ${id} is damaged: it does not say what to restore.`);
  }
  return {
    revision,
    radl: deserializeRadl(radl),
    counts: new Map(decodePairs(counts).map(([system, count]) => [system, Number(count)])),
    cloudIds: new Map(decodePairs(cloudIds).map(([system, cloud]) => [system, String(cloud)])),
    kind: kind === 'tosca' ? 'tosca' : 'radl',
    text,
    ...(typeof form === 'string' && { form }),
    isContextualized: isContextualized === true,
    serviceUrl: typeof serviceUrl === 'string' ? serviceUrl : '',
  };
}

/** Number of the revision that an operation restored; 0 when it restored none. */
export function restoredRevision(request: JsonObject | undefined): number {
  const number = Number(request?.[RESTORED] ?? 0);
  return number > 0 ? number : 0;
}

/** Pairs of a stored list; others than pairs that begin with a text are left out. */
export function decodePairs(value: unknown): readonly (readonly [string, unknown])[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [];
  return list.flatMap((pair) =>
    Array.isArray(pair) && typeof pair[0] === 'string' ? [[pair[0], pair[1]] as const] : [],
  );
}
