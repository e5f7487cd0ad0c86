// SPDX-License-Identifier: Apache-2.0
// What nodes use, by their control groups: memory of all processes together, processor time.
import { readFileSync } from 'node:fs';
import { docker, type TestNode } from './nodes.js';

const SAMPLE_MS = 100;

/** Id of the node's container. */
const idOf = (node: TestNode): Promise<string> => docker('inspect', '--format', '{{.Id}}', node.name);

/** The number that a pattern finds in the first file that there is: layouts differ between hosts. */
function read(files: readonly string[], pattern: RegExp): number {
  for (const file of files) {
    try {
      const found = pattern.exec(readFileSync(file, 'utf8'));
      if (found) return Number(found[1]);
    } catch {
      // not the layout of this host
    }
  }
  return Number.NaN;
}

/** Anonymous memory of all processes of a node, sampled until the task ends: the page cache does not count. NaN where the host does not tell. */
export async function peakMemory<T>(
  node: TestNode,
  task: () => Promise<T>,
): Promise<{ readonly value: T; readonly peakBytes: number }> {
  const id = await idOf(node);
  const files = [
    `/sys/fs/cgroup/memory/docker/${id}/memory.stat`,
    `/sys/fs/cgroup/docker/${id}/memory.stat`,
    `/sys/fs/cgroup/system.slice/docker-${id}.scope/memory.stat`,
  ];
  const sample = (): number => read(files, /^(?:total_rss|anon) (\d+)$/m);
  let peakBytes = sample();
  const timer = setInterval(() => {
    peakBytes = Math.max(peakBytes, sample());
  }, SAMPLE_MS);
  try {
    return { value: await task(), peakBytes };
  } finally {
    clearInterval(timer);
  }
}

/** Processor time that nodes have used so far, milliseconds: unlike the clock it hardly depends on what else the machine does. */
export async function processorMs(nodes: readonly TestNode[]): Promise<number> {
  const ids = await Promise.all(nodes.map(idOf));
  const each = ids.map((id) => {
    const nanoseconds = read([`/sys/fs/cgroup/cpuacct/docker/${id}/cpuacct.usage`], /^(\d+)$/m);
    if (!Number.isNaN(nanoseconds)) return nanoseconds / 1e6;
    const files = [`/sys/fs/cgroup/docker/${id}/cpu.stat`, `/sys/fs/cgroup/system.slice/docker-${id}.scope/cpu.stat`];
    return read(files, /^usage_usec (\d+)$/m) / 1e3;
  });
  return each.reduce((sum, ms) => sum + ms, 0);
}
