// SPDX-License-Identifier: Apache-2.0
// Compares what providers have under our marks with the rows (design/idempotency.md, sweep): what carries a mark and is in no row is an
// orphan. It is only believed when two looks agree, and only deleted when somebody names it: a mark does not say which service set it.
import type { CloudConnector, ProviderVm } from '../../connectors/index.js';
import { type CloudReference, cloudReference, errorText, isJsonObject } from '../../domain/index.js';
import { Radl } from '../../radl/index.js';
import { STATISTICS_KEY, type Store } from '../../store/index.js';
import { sleep } from '../../util/deadline.js';

/** Why nobody here works with it. */
export type OrphanReason =
  /** A forced destroy or an administrator gave up on it. */
  | 'abandoned'
  /** Its infrastructure, or it itself, was destroyed here; the provider still has it. */
  | 'destroyed'
  /** Its infrastructure lives here, but knows no such machine: a launch of which the provider did more than it said. */
  | 'not-recorded'
  /** No such infrastructure here: it was purged, or another service works with it. */
  | 'unknown-infrastructure';

/** A machine at a provider that carries our mark and is in no row. */
export interface Orphan {
  readonly cloud: CloudReference;
  readonly providerId: string;
  readonly token: string;
  /** Out of its mark. */
  readonly infrastructureId: string;
  readonly reason: OrphanReason;
  /** Only for those that were named for deletion. */
  readonly outcome?: 'deleted' | { readonly failure: string };
}

/** What a sweep found. */
export interface SweepReport {
  readonly orphans: readonly Orphan[];
  /** Machines with our marks, in use and orphans. */
  readonly marked: number;
  /** Clouds that could not be asked, with the reason. */
  readonly problems: readonly { readonly cloud: CloudReference; readonly text: string }[];
}

/** How a sweep is done. */
export interface SweepOptions {
  readonly store: Store;
  readonly connectors: readonly CloudConnector[];
  readonly signal: AbortSignal;
  /** Ids at the provider of orphans to delete; others are only reported. */
  readonly deleted?: ReadonlySet<string>;
  /** Between the two looks: longer than providers need to agree with themselves. Default 5,000 ms. */
  readonly betweenLooksMs?: number;
}

const BETWEEN_LOOKS_MS = 5_000;
const TOKEN = /^(.+)-(\d{1,9})-\d{1,9}$/;

/** Looks twice at each cloud. */
export async function sweepProviders(options: SweepOptions): Promise<SweepReport> {
  const { connectors, signal, betweenLooksMs = BETWEEN_LOOKS_MS } = options;
  const problems: { cloud: CloudReference; text: string }[] = [];
  const first = await Promise.all(connectors.map((connector) => look(options, connector, problems)));
  if (first.some(({ orphans }) => orphans.length > 0)) await sleep(betweenLooksMs, signal);
  const found: Orphan[] = [];
  for (const [index, connector] of connectors.entries()) {
    const before = new Set((first[index]?.orphans ?? []).map(({ providerId }) => providerId));
    if (before.size === 0) continue;
    const again = await look(options, connector, problems);
    for (const orphan of again.orphans.filter(({ providerId }) => before.has(providerId))) {
      const isNamed = options.deleted?.has(orphan.providerId) === true;
      found.push(isNamed ? { ...orphan, outcome: await remove(options, connector, orphan) } : orphan);
    }
  }
  return { orphans: found, marked: first.reduce((sum, { marked }) => sum + marked, 0), problems };
}

async function look(
  { store, signal }: SweepOptions,
  connector: CloudConnector,
  problems: { cloud: CloudReference; text: string }[],
): Promise<{ readonly orphans: readonly Orphan[]; readonly marked: number }> {
  const cloud = cloudReference(connector.cloud);
  if (connector.listMarked === undefined) {
    problems.push({
      cloud,
      text: `Clouds of type ${cloud.type} cannot be searched: look for the names or tags there.`,
    });
    return { orphans: [], marked: 0 };
  }
  try {
    const marked = await connector.listMarked(signal);
    const suspects: Orphan[] = [];
    for (const vm of marked) {
      const match = TOKEN.exec(vm.token);
      const infrastructureId = match?.[1] ?? '';
      const reason = await reasonOf(store, vm, infrastructureId, Number(match?.[2] ?? -1));
      if (reason !== undefined) suspects.push({ cloud, ...vm, infrastructureId, reason });
    }
    // Adopted machines carry the mark of where they came from.
    const inUse = suspects.length === 0 ? new Set<string>() : await recordedIds(store, cloud.type);
    return { orphans: suspects.filter(({ providerId }) => !inUse.has(providerId)), marked: marked.length };
  } catch (error) {
    signal.throwIfAborted();
    problems.push({ cloud, text: errorText(error) });
    return { orphans: [], marked: 0 };
  }
}

/** undefined: it is in use, or somebody is at work on it. */
async function reasonOf(
  store: Store,
  { token, providerId }: ProviderVm,
  infrastructureId: string,
  number: number,
): Promise<OrphanReason | undefined> {
  const infrastructure = await store.getInfrastructure(infrastructureId);
  if (infrastructure === undefined) return 'unknown-infrastructure';
  const statistics = infrastructure.extra[STATISTICS_KEY];
  if (isJsonObject(statistics) && statistics.isExported === true) return undefined;
  const unfinished = await store.listOperations({ infrastructureId, states: ['queued', 'running'] });
  if (unfinished.some(({ kind }) => kind !== 'configure')) return undefined;
  const resources = await store.listResources(infrastructureId);
  if (resources.some((entry) => entry.token === token && entry.state === 'abandoned')) return 'abandoned';
  const vm = infrastructure.isDeleted ? undefined : await store.getVm(infrastructureId, number);
  if (vm === undefined || vm.isDestroyed) return 'destroyed';
  return vm.providerId === providerId ? undefined : 'not-recorded';
}

/** Ids at providers of one type that the ledger holds as in use. */
async function recordedIds(store: Store, type: string): Promise<ReadonlySet<string>> {
  const ids = new Set<string>();
  for (const infrastructureId of await store.listInfrastructuresWithResources(['created', 'deleting'])) {
    if ((await store.getHeader(infrastructureId))?.isDeleted !== false) continue;
    for (const { kind, providerId, cloud } of await store.listResources(infrastructureId, {
      states: ['created', 'deleting'],
    })) {
      if (kind === 'vm' && cloud.type === type && providerId !== null) ids.add(providerId);
    }
  }
  return ids;
}

/** Deletes an orphan and confirms it in the ledger, where it has an entry. */
async function remove(
  { store, signal }: SweepOptions,
  connector: CloudConnector,
  { infrastructureId, providerId, token }: Orphan,
): Promise<'deleted' | { readonly failure: string }> {
  try {
    await connector.destroy(
      {
        infrastructureId,
        number: Number(TOKEN.exec(token)?.[2] ?? 0),
        providerId,
        info: Radl.empty(),
        requested: Radl.empty(),
        extra: {},
        cloudState: 'unknown',
      },
      signal,
    );
    const resources = await store.listResources(infrastructureId);
    await store.commit(
      resources
        .filter((entry) => entry.token === token && entry.state !== 'deleted')
        .map(({ id }) => ({ kind: 'update-resource', id, set: { state: 'deleted' } })),
    );
    return 'deleted';
  } catch (error) {
    signal.throwIfAborted();
    return { failure: errorText(error) };
  }
}
