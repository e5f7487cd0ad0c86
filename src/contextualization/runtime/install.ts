// SPDX-License-Identifier: Apache-2.0
// Puts the Ansible runtime on a control node: only when it is not there, verified, in one step (contextualization.md §24.3).
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ImError } from '../../domain/index.js';
import { type SshConnection, shellCommand } from '../../ssh/index.js';
import { chooseBundle, coreOf, type RuntimeBundle, readManifest } from './manifest.js';
import { RUNTIME_PROGRAM } from './runtime-program.js';

/** Where to install. */
export interface RuntimeTarget {
  readonly connection: SshConnection;
  readonly remoteConfDir: string;
  readonly infrastructureId: string;
  /** Directory with manifest.json on this host. */
  readonly bundleDir: string;
  /** `option ansible_version` of the document; empty: the newest one that fits. */
  readonly ansibleVersion: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

const QUICK_MS = 30_000;
const PYTHON_VERSION = 'import platform; print(platform.python_version())';

/** The Python of the node; undefined when it has none (the bootstrap installs it). */
async function pythonVersion({ connection, signal }: RuntimeTarget): Promise<string | undefined> {
  const command = shellCommand('python3', '-c', PYTHON_VERSION);
  const { exitCode, stdout } = await connection.exec(command, { timeoutMs: QUICK_MS, signal });
  return exitCode === 0 ? stdout.trim() : undefined;
}

async function runProgram(
  target: RuntimeTarget,
  bundle: RuntimeBundle,
  archive: Buffer | undefined,
): Promise<string | undefined> {
  const { connection, remoteConfDir, infrastructureId, signal, timeoutMs } = target;
  const { exitCode, stdout, stderr } = await connection.exec(
    shellCommand('python3', '-c', RUNTIME_PROGRAM, remoteConfDir, infrastructureId, bundle.sha256),
    { timeoutMs: archive ? timeoutMs : QUICK_MS, signal, ...(archive && { stdin: archive }) },
  );
  const answer = /^\{"path": (?:null|"([^"\\]+)")\}$/m.exec(stdout);
  if (exitCode !== 0 || !answer) {
    const reason = stderr.replace(/\s+/g, ' ').trim().slice(-300);
    throw new ImError(
      'provider',
      `The Ansible runtime cannot be installed on ${connection.host}: ${reason || `exit code ${exitCode}`}`,
    );
  }
  return answer[1];
}

async function bundleFor(target: RuntimeTarget, python: string): Promise<RuntimeBundle> {
  const bundles = await readManifest(target.bundleDir);
  const { ansibleVersion } = target;
  const core = coreOf(ansibleVersion);
  const bundle = chooseBundle(bundles, python, core);
  if (bundle) return bundle;
  const known = bundles.map(
    ({ ansibleCore, python: { min, max } }) => `Ansible ${ansibleCore} for Python ${min}-${max}`,
  );
  throw new ImError(
    'provider',
    `No Ansible runtime ${core === undefined ? '' : `of the version ${ansibleVersion} that the document asks for (ansible-core ${core}) `}` +
      `for the Python ${python} of ${target.connection.host}; there is: ${known.join(', ') || 'none'}. ` +
      'Choose another image for the master VM or another ansible_version, or make a bundle from a suitable Ansible with npm run runtime-bundle.',
  );
}

/**
 * The directory of the runtime on the node when it is there already.
 * @throws ImError when there is no bundle for the node; SshError.
 */
export async function findRuntime(target: RuntimeTarget): Promise<string | undefined> {
  const python = await pythonVersion(target);
  return python === undefined ? undefined : runProgram(target, await bundleFor(target, python), undefined);
}

/**
 * Installs the runtime and gives its directory.
 * @throws ImError when the bundle is missing here or cannot be installed there; SshError.
 */
export async function installRuntime(target: RuntimeTarget): Promise<string> {
  const python = await pythonVersion(target);
  if (python === undefined) throw new ImError('provider', `There is no python3 on ${target.connection.host}.`);
  const bundle = await bundleFor(target, python);
  const path = await runProgram(target, bundle, await readFile(join(target.bundleDir, bundle.file)));
  if (path === undefined) throw new ImError('provider', `The Ansible runtime of ${target.connection.host} vanished.`);
  return path;
}
