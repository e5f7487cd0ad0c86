// SPDX-License-Identifier: Apache-2.0
// The story of thirty machines, with the memory that their master needs.
import { createSemaphore } from '../../../src/util/semaphore.js';
import { peakMemory } from '../../ssh/support/node-usage.js';
import type { TestBed, TestNode } from '../../ssh/support/nodes.js';
import { configureWorld, recipe } from '../runner/support/configure-world.js';
import { createWorld, keyCredentials, type World } from '../runner/support/world.js';

const COUNT = 30;
const STARTS_AT_ONCE = 6;

/** Configures a front-end and 29 private workers: facts and two tasks each. */
export async function configureThirty(bed: TestBed): Promise<{ readonly world: World; readonly peakMib: number }> {
  const starts = createSemaphore(STARTS_AT_ONCE);
  const [front, ...workers] = (await Promise.all(
    Array.from({ length: COUNT }, (_, index) => starts.run(() => bed.start({ isPrivate: index > 0 }))),
  )) as [TestNode, ...TestNode[]];
  const credentials = keyCredentials(bed.privateKey);
  const tasks = '  - copy: dest=/opt/a content="{{ groups[\'all\'] | length }}"\n  - command: echo hello';
  const world = createWorld(recipe('front', tasks) + recipe('wn', tasks), [
    { system: 'front', node: front, credentials },
    ...workers.map((node) => ({ system: 'wn', node, isPrivate: true, credentials })),
  ]);
  const { peakBytes } = await peakMemory(front, () => configureWorld(world, { maxContextualizationTimeMs: 800_000 }));
  return { world, peakMib: Math.round(peakBytes / 2 ** 20) };
}
