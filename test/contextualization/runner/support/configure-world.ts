// SPDX-License-Identifier: Apache-2.0
// Runs whole configurations for tests, and shows what came of them.
import type {
  ContextualizationOutcome,
  ContextualizationRun,
  ContextualizationSettings,
} from '../../../../src/contextualization/contract.js';
import { createContextualizer } from '../../../../src/contextualization/index.js';
import { silentLogger } from '../../../../src/util/logger.js';
import { testSettings, type World } from './world.js';

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
