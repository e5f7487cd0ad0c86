// SPDX-License-Identifier: Apache-2.0
// Brings the files of a plan to the control node: one archive over one command (contextualization.md §8, §24.4).
import { ImError } from '../../domain/index.js';
import { packTar, type SshConnection, shellCommand } from '../../ssh/index.js';
import type { AnsibleKey, PlannedFile } from '../contract.js';
import { ansibleConfig } from './ansible-config.js';
import { UNPACK_PROGRAM } from './node-programs.js';
import { PROXY_FILES } from './proxy-command.js';
import { START_CACHE, START_PATH, START_PROGRAM } from './start-program.js';

/** What to bring where. */
export interface Staging {
  readonly remoteConfDir: string;
  readonly infrastructureId: string;
  readonly directory: string;
  /** Directory of this run's tasks. */
  readonly runDirectory: string;
  readonly runtimePath: string;
  /** Directories with collections of the daemon's host. */
  readonly collectionPaths: readonly string[];
  readonly files: readonly PlannedFile[];
  readonly ansibleKey: AnsibleKey;
  readonly signal: AbortSignal;
}

const TIMEOUT_MS = 120_000;
const PRIVATE = 0o600;

/** What the control node tells on this occasion. */
export interface StagedNode {
  /** Free memory in MiB; undefined when it does not say. */
  readonly freeMib: number | undefined;
}

/**
 * Writes all files, each in one step; those of earlier runs that are not among them stay.
 * @throws ImError `provider` when the node cannot take them; SshError.
 */
export async function stageFiles(connection: SshConnection, staging: Staging): Promise<StagedNode> {
  const { ansibleKey, directory, runtimePath, collectionPaths } = staging;
  const archive = packTar([
    ...staging.files,
    ...PROXY_FILES,
    // Ansible makes it too, but processes that start together would race for it.
    { path: 'facts_cache', mode: 0o700 },
    { path: '.ansible/cp', mode: 0o700 },
    { path: '.ansible/tmp', mode: 0o700 },
    { path: START_CACHE, mode: 0o700 },
    { path: START_PATH, content: START_PROGRAM, mode: PRIVATE },
    { path: 'ansible.cfg', content: ansibleConfig(directory, runtimePath, collectionPaths), mode: PRIVATE },
    { path: 'ansible_key', content: `${ansibleKey.privateKey.trim()}\n`, mode: PRIVATE },
    { path: 'ansible_key.pub', content: `${ansibleKey.publicKey.trim()}\n`, mode: PRIVATE },
  ]);
  const { exitCode, stdout, stderr } = await connection.exec(
    shellCommand(
      'python3',
      '-c',
      UNPACK_PROGRAM,
      staging.remoteConfDir,
      staging.infrastructureId,
      staging.runDirectory,
    ),
    { stdin: archive, timeoutMs: TIMEOUT_MS, signal: staging.signal },
  );
  if (exitCode !== 0) {
    const reason = stderr.replace(/\s+/g, ' ').trim().slice(-300);
    throw new ImError('provider', `The files cannot be written to ${directory} of ${connection.host}: ${reason}`);
  }
  const [, free] = /^free (\d+) MiB$/m.exec(stdout) ?? [];
  return { freeMib: free === undefined ? undefined : Number(free) };
}
