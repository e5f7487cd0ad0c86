// SPDX-License-Identifier: Apache-2.0
// One look at the database for all who follow: which infrastructures were changed, by whichever daemon. Nobody follows, nobody looks.

import type { InfrastructureHeader } from '../../domain/index.js';
import { errorText } from '../../domain/index.js';
import type { ManagerEnvironment } from '../environment.js';
import type { ExplainedState } from '../manager.js';
import { explain } from '../state.js';

/** Tells of changes. */
export interface ChangeFeed {
  /** @returns what ends it */
  subscribe(listener: (ids: ReadonlySet<string>) => void): () => void;
  /** State of an infrastructure; those who ask at the same version share one answer. */
  explain(header: InfrastructureHeader): Promise<ExplainedState>;
}

const LOOK_MS = 500;
/** How far the clocks of daemons may be apart; what was seen already is told apart by its version. */
const CLOCK_SKEW_MS = 30_000;
/** States that are kept for those who ask next. */
const MOST_EXPLAINED = 1_000;

/** Makes the feed of a daemon. */
export function createChangeFeed(environment: ManagerEnvironment): ChangeFeed {
  const { store, now, logger } = environment;
  const listeners = new Set<(ids: ReadonlySet<string>) => void>();
  const explained = new Map<string, { readonly at: string; readonly state: Promise<ExplainedState> }>();
  let versions = new Map<string, number>();
  let work = new Map<string, string>();
  let timer: NodeJS.Timeout | undefined;
  let isFailing = false;
  let turn = 0;

  /** Changed rows, and operations that were accepted, begun or ended: they leave no mark in their infrastructure. */
  async function changedIds(): Promise<ReadonlySet<string>> {
    const changed = new Set<string>();
    const seen = new Map<string, number>();
    for (const { id, version } of await store.listInfrastructuresChangedSince(now() - CLOCK_SKEW_MS)) {
      seen.set(id, version);
      if (versions.get(id) !== version) changed.add(id);
    }
    versions = seen;
    const unfinished = new Map<string, string>();
    const states = ['queued', 'running'] as const;
    for (const { infrastructureId, id, state, error } of await store.listOperations({ states })) {
      unfinished.set(infrastructureId, `${unfinished.get(infrastructureId) ?? ''}${id} ${state} ${error?.code ?? ''};`);
    }
    for (const id of new Set([...unfinished.keys(), ...work.keys()])) {
      if (unfinished.get(id) !== work.get(id)) changed.add(id);
    }
    work = unfinished;
    return changed;
  }

  async function look(present: number): Promise<void> {
    try {
      const ids = await changedIds();
      turn += 1;
      isFailing = false;
      if (ids.size > 0) for (const listener of [...listeners]) listener(ids);
    } catch (error) {
      if (!isFailing) logger.warn(`Changes cannot be looked for: ${errorText(error)}`);
      isFailing = true;
    }
    if (listeners.size > 0 && present === generation) {
      timer = setTimeout(() => void look(present), LOOK_MS).unref();
    }
  }

  let generation = 0;

  return {
    subscribe(listener) {
      listeners.add(listener);
      if (listeners.size === 1) {
        generation += 1;
        void look(generation);
      }
      return () => {
        listeners.delete(listener);
        if (listeners.size === 0) {
          generation += 1;
          clearTimeout(timer);
          explained.clear();
        }
      };
    },
    explain(header) {
      const at = `${header.version} ${turn}`;
      const known = explained.get(header.id);
      if (known?.at === at) return known.state;
      const state = explain(environment, header);
      if (explained.size >= MOST_EXPLAINED) explained.clear();
      explained.set(header.id, { at, state });
      // A failure is not kept.
      state.catch(() => explained.delete(header.id));
      return state;
    },
  };
}
