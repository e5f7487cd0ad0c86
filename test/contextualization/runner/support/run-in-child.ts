// SPDX-License-Identifier: Apache-2.0
// A daemon to be killed: runs one configuration in this process and keeps what the ports are told in a file. Argument: the file.
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createContextualizer } from '../../../../src/contextualization/index.js';
import { silentLogger } from '../../../../src/util/logger.js';
import { createWorld, testSettings, type VmOptions, type World } from './world.js';

/** The file between parent and child. */
export interface ChildState {
  readonly recipes: string;
  readonly vms: readonly VmOptions[];
  readonly runtimeBundleDir: string;
  readonly startedAt: number;
  key: World['key'];
  master: number | null;
  lines: readonly string[];
  logs: readonly (readonly [number, string])[];
  results: readonly (readonly [number, boolean])[];
  hostKeys: readonly (readonly [number, string])[];
  progress: World['progress'];
  /** Set when the run has ended. */
  outcome?: boolean;
}

const file = process.argv[2] ?? '';

async function main(): Promise<void> {
  const state: ChildState = JSON.parse(readFileSync(file, 'utf8'));
  const world = createWorld(state.recipes, state.vms);
  Object.assign(world.key, state.key);
  world.master = state.master;
  world.lines = [...state.lines];
  world.logs = new Map(state.logs);
  world.results = new Map(state.results);
  world.hostKeys = new Map(state.hostKeys);
  world.progress = state.progress;
  const save = (): void => {
    const { key, master, lines, progress } = world;
    const maps = { logs: [...world.logs], results: [...world.results], hostKeys: [...world.hostKeys] };
    writeFileSync(`${file}.new`, JSON.stringify({ ...state, key, master, lines, progress, ...maps }));
    renameSync(`${file}.new`, file);
  };
  const { ports } = world;
  const saved =
    <Arguments extends readonly unknown[]>(port: (...values: Arguments) => Promise<void>) =>
    async (...values: Arguments): Promise<void> => {
      await port(...values);
      save();
    };
  const contextualizer = createContextualizer({
    settings: testSettings({ runtimeBundleDir: state.runtimeBundleDir }),
    logger: silentLogger,
    now: Date.now,
  });
  const { isInfrastructureConfigured } = await contextualizer.run({
    infrastructureId: 'inf-1',
    runId: 'run-1',
    refreshRoles: false,
    startedAt: state.startedAt,
    signal: new AbortController().signal,
    ports: {
      ...ports,
      logInfrastructure: saved(ports.logInfrastructure),
      logVm: saved(ports.logVm),
      setMaster: saved(ports.setMaster),
      setVmResult: saved(ports.setVmResult),
      rememberHostKey: saved(ports.rememberHostKey),
      saveProgress: saved(ports.saveProgress),
    },
  });
  state.outcome = isInfrastructureConfigured;
  save();
  await contextualizer.close();
}

await main();
