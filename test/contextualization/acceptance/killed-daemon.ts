// SPDX-License-Identifier: Apache-2.0
// The story of a daemon that is killed twice in one run: while it prepares the machines and while tasks run on them.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { poll } from '../../../src/util/deadline.js';
import type { TestBed, TestNode } from '../../ssh/support/nodes.js';
import type { ChildState } from '../runner/support/run-in-child.js';
import { keyCredentials, makeKey, runtimeBundleDir } from '../runner/support/world.js';

const SCRIPT = fileURLToPath(new URL('../runner/support/run-in-child.ts', import.meta.url));

/** What the daemons left. */
export interface AfterKills {
  readonly state: ChildState;
  readonly front: TestNode;
  readonly worker: TestNode;
}

// The task waits for a file, so that it is certainly in the middle when the daemon dies; it counts how often it began.
const TASKS = `  - debug: msg=before-the-kill
  - shell: echo {{ IM_NODE_NUM }} >>/opt/begun; while [ ! -e /opt/go ]; do sleep 0.1; done
  - debug: msg=after-the-kill`;

const RECIPES = `configure front (\n@begin\n- tasks:\n${TASKS}\n@end\n)\nconfigure wn (\n@begin\n- tasks:\n${TASKS}\n@end\n)
configure last (\n@begin\n- tasks:\n  - shell: echo last >>/opt/begun\n@end\n)
contextualize (\nsystem front configure front step 1\nsystem wn configure wn step 1\nsystem front configure last step 2\n)`;

/** Runs one configuration by three daemons. */
export async function configureAcrossKills(bed: TestBed): Promise<AfterKills> {
  const [front, worker] = await Promise.all([bed.start(), bed.start({ isPrivate: true })]);
  const directory = mkdtempSync(join(tmpdir(), 'im-resume-'));
  const file = join(directory, 'state.json');
  const children: ChildProcess[] = [];
  const start = (): ChildProcess => {
    const child = spawn(process.execPath, ['--import', 'tsx', SCRIPT, file], {
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    children.push(child);
    return child;
  };
  const state = (): ChildState => JSON.parse(readFileSync(file, 'utf8'));
  const killWhen = async (child: ChildProcess, what: string, isNow: () => Promise<boolean>): Promise<void> => {
    await poll({ timeoutMs: 500_000, intervalMs: 50, what }, async () => {
      expect(child.exitCode, 'the run ended before it was killed').to.equal(null);
      return (await isNow()) || undefined;
    });
    child.kill('SIGKILL');
    await once(child, 'exit');
  };
  try {
    const initial: ChildState = {
      recipes: RECIPES,
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
    // Everything of the preparation may be done again.
    await killWhen(start(), 'the bootstrap', async () => state().lines.includes('Wait master VM to boot'));
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
    const exits = 'ls /var/tmp/.im/inf-1/runs/run-1/*front_front.1 /var/tmp/.im/inf-1/runs/run-1/*wn_wn.1';
    await poll({ timeoutMs: 500_000, intervalMs: 100, what: 'the end of the tasks' }, async () =>
      (await front.run(exits)).split('\n').filter((name) => name === 'exit').length === 2 ? true : undefined,
    );
    await once(start(), 'exit');
    return { state: state(), front, worker };
  } finally {
    for (const child of children) child.kill('SIGKILL');
    rmSync(directory, { recursive: true });
  }
}
