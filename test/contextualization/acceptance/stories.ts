// SPDX-License-Identifier: Apache-2.0
// Whole configurations as stories: each on nodes of its own, some beside each other, since most of their time is waiting.
import { createSemaphore } from '../../../src/util/semaphore.js';
import { createTestBed, requireNodes, type TestBed } from '../../ssh/support/nodes.js';
import { requireAnsible } from '../runner/support/world.js';

const STORIES_AT_ONCE = 3;

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

/** Hooks of the surrounding `describe`: makes the nodes' test bed, begins the stories, and leaves no node behind. @returns the test bed */
export function tellOnNodes(stories: () => Pick<Stories<Record<string, unknown>>, 'start' | 'settled'>): () => TestBed {
  let bed: TestBed;
  before(async function () {
    await requireNodes(this);
    requireAnsible(this);
    bed = await createTestBed();
    stories().start();
  });
  after(async () => {
    await stories().settled();
    await bed?.close();
  });
  return () => bed;
}
