// SPDX-License-Identifier: Apache-2.0
// Runs whole configurations for tests: each story on nodes of its own, some stories beside each other, since most of their time is waiting.
import type {
  ContextualizationOutcome,
  ContextualizationRun,
  ContextualizationSettings,
} from '../../../src/contextualization/contract.js';
import { createContextualizer } from '../../../src/contextualization/index.js';
import { silentLogger } from '../../../src/util/logger.js';
import { createSemaphore } from '../../../src/util/semaphore.js';
import { testSettings, type World } from '../runner/support/world.js';

const STORIES_AT_ONCE = 3;

let runs = 0;

/** Runs one configuration of the world to its end. */
export async function configureWorld(
  world: World,
  changes: Partial<ContextualizationSettings> = {},
  more: Partial<ContextualizationRun> = {},
): Promise<ContextualizationOutcome> {
  runs += 1;
  const contextualizer = createContextualizer({ settings: testSettings(changes), logger: silentLogger, now: Date.now });
  try {
    return await contextualizer.run({
      infrastructureId: 'inf-1',
      runId: `run-${runs}`,
      refreshRoles: false,
      startedAt: Date.now(),
      ports: world.ports,
      signal: new AbortController().signal,
      ...more,
    });
  } finally {
    await contextualizer.close();
  }
}

/** A `configure` with one play of the given tasks. */
export const recipe = (name: string, tasks: string): string =>
  `configure ${name} (\n@begin\n- tasks:\n${tasks}\n@end\n)\n`;

/** Results by VM. */
export const resultsOf = (world: World): Record<string, boolean> => Object.fromEntries(world.results);

/** Everything that was logged, for messages of assertions. */
export const logsOf = (world: World): string => [...world.lines, ...world.logs.values()].join('\n');

/** Stories by name: all begin together, a few run at once, each test waits for its own. */
export interface Stories<Results extends Record<string, unknown>> {
  start(): void;
  get<Name extends keyof Results>(name: Name): Promise<Results[Name]>;
  /** Resolves when none runs any more. */
  settled(): Promise<void>;
}

/** @param stories what to run; those in front begin first */
export function createStories<Results extends Record<string, unknown>>(
  stories: {
    readonly [Name in keyof Results]: () => Promise<Results[Name]>;
  },
): Stories<Results> {
  const places = createSemaphore(STORIES_AT_ONCE);
  const running = new Map<keyof Results, Promise<unknown>>();
  const begin = <Name extends keyof Results>(name: Name): Promise<Results[Name]> => places.run(stories[name]);
  const started: Partial<{ [Name in keyof Results]: Promise<Results[Name]> }> = {};
  return {
    start: () => {
      for (const name in stories) {
        const work = begin(name);
        work.catch(() => {}); // whoever asks for the story gets its error
        started[name] = work;
        running.set(name, work);
      }
    },
    get: (name) => started[name] ?? Promise.reject(new Error(`The story ${String(name)} has not begun.`)),
    settled: async () => {
      await Promise.allSettled(running.values());
    },
  };
}
