// SPDX-License-Identifier: Apache-2.0
// Recorded and made-up event streams for the tests of the renderer.
import { readFileSync } from 'node:fs';
import type { PlannedTask } from '../../../src/contextualization/contract.js';
import { createEventRenderer, type EventRendererOptions } from '../../../src/contextualization/render/index.js';

const fixture = (name: string): string => readFileSync(new URL(`./fixtures/${name}`, import.meta.url), 'utf8');

/** Events that a real Ansible wrote for fixtures/everything.yml (record.sh). */
export const EVERYTHING = fixture('everything.jsonl').trimEnd().split('\n');
export const EVERYTHING_SOURCES = new Map([['everything.yml', fixture('everything.yml')]]);
/** What Ansible prints for a playbook that is no YAML. */
export const SYNTAX_ERROR = fixture('syntax-error.jsonl').trimEnd().split('\n');

export const HOST_NAMES = new Map([
  [0, '10.0.0.1_0'],
  [1, '10.0.0.2_1'],
  [2, '10.0.0.3_2'],
]);

export function task(vms: readonly number[], overrides: Partial<PlannedTask> = {}): PlannedTask {
  return { name: 'common_wn', systemName: 'wn', playbook: 'common_wn_task.yml', vms, ...overrides };
}

export interface Rendered {
  readonly texts: ReadonlyMap<number, string>;
  readonly results: ReadonlyMap<number, string>;
  readonly retryable: readonly number[];
}

/** All that a renderer says about a stream, fed in pieces of `size` lines. */
export function render(
  lines: readonly string[],
  exitCode: number,
  options: Partial<EventRendererOptions> = {},
  size = lines.length,
): Rendered {
  const renderer = createEventRenderer({ task: task([0, 1, 2]), hostNames: HOST_NAMES, ...options });
  const texts = new Map<number, string>();
  const add = (chunks: ReturnType<typeof renderer.feed>): void => {
    for (const { vm, text } of chunks) texts.set(vm, (texts.get(vm) ?? '') + text);
  };
  for (let at = 0; at < lines.length; at += size) add(renderer.feed(lines.slice(at, at + size)));
  const { chunks, results, retryable } = renderer.end(exitCode);
  add(chunks);
  return { texts, results, retryable: [...retryable] };
}

type Json = Readonly<Record<string, unknown>>;

const line = (event: string, rest: Json): string =>
  JSON.stringify({ _event: event, _timestamp: '2026-11-20T09:35:41.975637Z', ...rest });

const taskPart = (name: string, path: string): Json => ({
  duration: { start: '2026-11-20T09:35:41.975637Z' },
  id: `id of ${name}`,
  name,
  path,
});

/** Events as the callback writes them. */
export const event = {
  play: (name: string, id = name): string => line('v2_playbook_on_play_start', { play: { id, name }, tasks: [] }),
  start: (name: string): string => line('v2_runner_on_start', { hosts: {}, task: taskPart(name, '/d/p.yml:1') }),
  result: (word: string, name: string, host: string, result: Json = {}, path = '/d/p.yml:1'): string =>
    line(`v2_runner_on_${word}`, { hosts: { [host]: result }, task: taskPart(name, path) }),
  stats: (hosts: Readonly<Record<string, Readonly<Record<string, number>>>>): string =>
    line('v2_playbook_on_stats', {
      stats: Object.fromEntries(
        Object.entries(hosts).map(([host, counts]) => [
          host,
          { ok: 0, changed: 0, failures: 0, unreachable: 0, ignored: 0, ...counts },
        ]),
      ),
    }),
};
