// SPDX-License-Identifier: Apache-2.0
// What the ledger says may still exist at providers although nothing of ours works with it any more (design promise P3).
import {
  infrastructureNotFound,
  isJsonObject,
  type JsonObject,
  type Resource,
  type ResourceState,
} from '../../domain/index.js';
import { STATISTICS_KEY, type Store } from '../../store/index.js';

/** What became of the infrastructure: `exported` means forgotten here on purpose, its machines belong to whoever has the document. */
export type Whereabouts = 'living' | 'deleted' | 'exported';

/** Ledger entries of one infrastructure that somebody should look at. */
export interface Leftovers {
  readonly infrastructureId: string;
  readonly whereabouts: Whereabouts;
  /** `intent`: the provider may have it · `created`, `deleting`: it was not seen to be gone · `abandoned`: given up on by a forced destroy or by hand. */
  readonly resources: readonly Resource[];
}

const OPEN: readonly ResourceState[] = ['intent', 'created', 'deleting', 'abandoned'];
/** In a living infrastructure a created resource is in use. */
const OPEN_IN_LIVING: readonly ResourceState[] = ['intent', 'deleting', 'abandoned'];
/** While an operation is under way, only these are not its own business. */
const OPEN_IN_WORK: readonly ResourceState[] = ['abandoned'];

/**
 * Lists leftovers from the ledger, without asking any provider.
 * @param id one infrastructure; absent: all
 * @throws ImError `infrastructure-not-found` for an id that never was or was purged
 */
export async function findLeftovers(store: Store, id?: string): Promise<readonly Leftovers[]> {
  if (id !== undefined && (await store.getHeader(id)) === undefined) {
    throw infrastructureNotFound();
  }
  const ids = id === undefined ? await candidates(store) : [id];
  const unfinished = await store.listOperations({
    states: ['queued', 'running'],
    ...(id !== undefined && { infrastructureId: id }),
  });
  const inWork = new Set(unfinished.map(({ infrastructureId }) => infrastructureId));
  const found: Leftovers[] = [];
  for (const infrastructureId of ids) {
    const whereabouts = await whereaboutsOf(store, infrastructureId);
    const states = inWork.has(infrastructureId) ? OPEN_IN_WORK : whereabouts === 'living' ? OPEN_IN_LIVING : OPEN;
    const resources = await store.listResources(infrastructureId, { states });
    if (resources.length > 0) {
      found.push({ infrastructureId, whereabouts, resources });
    }
  }
  return found;
}

async function candidates(store: Store): Promise<readonly string[]> {
  const suspicious = await store.listInfrastructuresWithResources(OPEN_IN_LIVING);
  const holding = await store.listInfrastructuresWithResources(['created']);
  const living = new Set(await store.listInfrastructureIds({}));
  return [...new Set([...suspicious, ...holding.filter((id) => !living.has(id))])].sort();
}

async function whereaboutsOf(store: Store, id: string): Promise<Whereabouts> {
  const infrastructure = await store.getInfrastructure(id);
  if (infrastructure?.isDeleted !== true) {
    return 'living';
  }
  return isExported(infrastructure.extra) ? 'exported' : 'deleted';
}

function isExported({ [STATISTICS_KEY]: statistics }: JsonObject): boolean {
  return isJsonObject(statistics) && statistics.isExported === true;
}
