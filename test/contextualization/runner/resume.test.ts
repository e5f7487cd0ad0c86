// SPDX-License-Identifier: Apache-2.0
// A daemon that is killed in the middle of a run: the next one goes on, nothing runs twice, the logs are whole (contextualization.md §25.10).
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { poll } from '../../../src/util/deadline.js';
import { createTestBed, requireNodes, type TestBed, type TestNode } from '../../ssh/support/nodes.js';
import type { ChildState } from './support/run-in-child.js';
import { keyCredentials, makeKey, requireAnsible, runtimeBundleDir } from './support/world.js';

const SCRIPT = fileURLToPath(new URL('./support/run-in-child.ts', import.meta.url));

describe('a run whose daemon is killed', function () {
  this.timeout(180_000);
  let bed: TestBed;
  let front: TestNode;
  let worker: TestNode;
  let directory: string;
  let file: string;
  const children: ChildProcess[] = [];

  before(async function () {
    await requireNodes(this);
    requireAnsible(this);
    bed = await createTestBed();
    [front, worker] = await Promise.all([bed.start(), bed.start({ isPrivate: true })]);
    directory = mkdtempSync(join(tmpdir(), 'im-resume-'));
    file = join(directory, 'state.json');
  });
  after(async () => {
    for (const child of children) child.kill('SIGKILL');
    if (directory) rmSync(directory, { recursive: true });
    await bed?.close();
  });

  const start = (): ChildProcess => {
    const child = spawn(process.execPath, ['--import', 'tsx', SCRIPT, file], {
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    children.push(child);
    return child;
  };
  const state = (): ChildState => JSON.parse(readFileSync(file, 'utf8'));
  const killWhen = async (child: ChildProcess, what: string, isNow: () => Promise<boolean>): Promise<void> => {
    await poll({ timeoutMs: 90_000, intervalMs: 50, what }, async () => {
      expect(child.exitCode, 'the run ended before it was killed').to.equal(null);
      return (await isNow()) || undefined;
    });
    child.kill('SIGKILL');
    await once(child, 'exit');
  };

  it('is gone on with by the next daemon: each task runs once, no log line is lost', async () => {
    // The task waits for a file, so that it is certainly in the middle when the daemon dies; it counts how often it began.
    const tasks = `  - debug: msg=before-the-kill
  - shell: echo {{ IM_NODE_NUM }} >>/opt/begun; while [ ! -e /opt/go ]; do sleep 0.1; done
  - debug: msg=after-the-kill`;
    const initial: ChildState = {
      recipes: `configure front (\n@begin\n- tasks:\n${tasks}\n@end\n)\nconfigure wn (\n@begin\n- tasks:\n${tasks}\n@end\n)
configure last (\n@begin\n- tasks:\n  - shell: echo last >>/opt/begun\n@end\n)
contextualize (\nsystem front configure front step 1\nsystem wn configure wn step 1\nsystem front configure last step 2\n)`,
      vms: [
        { system: 'front', node: front, credentials: keyCredentials(bed.privateKey) },
        { system: 'wn', node: worker, isPrivate: true, credentials: keyCredentials(bed.privateKey) },
      ],
      runtimeBundleDir: runtimeBundleDir(),
      startedAt: Date.now(),
      key: makeKey(),
      master: null,
      lines: [],
      logs: [],
      results: [],
      hostKeys: [],
      progress: {},
    };
    writeFileSync(file, JSON.stringify(initial));

    // Killed while it prepares the machines: everything of that may be done again.
    await killWhen(start(), 'the bootstrap', async () => state().lines.includes('Wait master VM to boot'));
    // Killed while the tasks run on the nodes.
    const hasBegun = async (node: TestNode): Promise<boolean> => (await node.run('ls /opt')).includes('begun');
    const isLogged = (): boolean => state().logs.every(([, log]) => log.includes('"msg": "before-the-kill"'));
    await killWhen(
      start(),
      'the tasks on the nodes, and what was before them in the logs',
      async () => isLogged() && (await hasBegun(front)) && (await hasBegun(worker)),
    );
    expect(state().outcome).to.equal(undefined);
    for (const node of [front, worker]) await node.run('touch /opt/go');
    // The processes end while no daemon is there.
    await poll({ timeoutMs: 60_000, intervalMs: 100, what: 'the end of the tasks' }, async () =>
      (await front.run('ls /var/tmp/.im/inf-1/runs/run-1/*front_front.1 /var/tmp/.im/inf-1/runs/run-1/*wn_wn.1'))
        .split('\n')
        .filter((name) => name === 'exit').length === 2
        ? true
        : undefined,
    );
    const child = start();
    await once(child, 'exit');

    const end = state();
    expect(end.outcome).to.equal(true);
    expect(Object.fromEntries(end.results)).to.deep.equal({ 0: true, 1: true });
    expect(await front.run('cat /opt/begun')).to.equal('0\nlast');
    expect(await worker.run('cat /opt/begun')).to.equal('1');
    const logs = new Map(end.logs);
    for (const [vm, task] of [
      [0, 'front_front'],
      [1, 'wn_wn'],
    ] as const) {
      const log = logs.get(vm) ?? '';
      const count = (text: string): number => log.split(text).length - 1;
      expect(count(`Launch task: basic\n`), log).to.equal(1);
      expect(count(`Launch task: ${task}\n`), log).to.equal(1);
      expect(count('"msg": "before-the-kill"'), log).to.equal(1);
      expect(count('"msg": "after-the-kill"'), log).to.equal(1);
      expect(count(`Task ${task} finished successfully\n`), log).to.equal(1);
    }
    const fixed = end.lines.filter((line) => /^(Select|Wait|Creating|Configure|Copying)/.test(line));
    expect(new Set(fixed).size).to.equal(fixed.length);
  });
});
