// SPDX-License-Identifier: Apache-2.0
// Puts the Ansible runtime on a control node: only when it is not there, verified, in one step (contextualization.md §24.3).
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ImError } from '../../domain/index.js';
import { type SshConnection, shellCommand } from '../../ssh/index.js';
import { type CollectionBundle, chooseBundle, coreOf, type RuntimeBundle, readManifest } from './manifest.js';
import { INDEX_PROGRAM, RUNTIME_PROGRAM } from './runtime-program.js';

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
const CALLBACK_COLLECTION = 'ansible.posix';
const PYTHON_VERSION = 'import platform; print(platform.python_version())';

/** The Python of the node; undefined when it has none (the bootstrap installs it). */
async function pythonVersion({ connection, signal }: RuntimeTarget): Promise<string | undefined> {
  const command = shellCommand('python3', '-c', PYTHON_VERSION);
  const { exitCode, stdout } = await connection.exec(command, { timeoutMs: QUICK_MS, signal });
  return exitCode === 0 ? stdout.trim() : undefined;
}

/** Runs one of the programs that find and install; the answer is a directory, undefined when it is not there. */
async function runProgram(
  target: RuntimeTarget,
  program: string,
  words: readonly string[],
  archive: Buffer | undefined,
): Promise<string | undefined> {
  const { connection, remoteConfDir, infrastructureId, signal, timeoutMs } = target;
  const { exitCode, stdout, stderr } = await connection.exec(
    shellCommand('python3', '-c', program, remoteConfDir, infrastructureId, ...words),
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

/** What is to run on a node: a bundle of ours, or a version that only the package index may have. */
type Choice =
  | { readonly kind: 'bundle'; readonly bundle: RuntimeBundle }
  | { readonly kind: 'index'; readonly core: string | undefined; readonly known: readonly RuntimeBundle[] };

async function chooseFor(target: RuntimeTarget, python: string): Promise<Choice> {
  const { bundles } = await readManifest(target.bundleDir);
  const core = coreOf(target.ansibleVersion);
  const bundle = chooseBundle(bundles, python, core);
  return bundle ? { kind: 'bundle', bundle } : { kind: 'index', core, known: bundles };
}

function noRuntime(
  { ansibleVersion, connection }: RuntimeTarget,
  python: string,
  { core, known }: Choice & { readonly kind: 'index' },
  cause: ImError,
): ImError {
  const bundles = known.map(
    ({ ansibleCore, python: { min, max } }) => `Ansible ${ansibleCore} for Python ${min}-${max}`,
  );
  return new ImError(
    'provider',
    `No Ansible runtime ${core === undefined ? '' : `of the version ${ansibleVersion} that the document asks for (ansible-core ${core}) `}` +
      `for the Python ${python} of ${connection.host}; there is: ${bundles.join(', ') || 'none'}. ` +
      `From the package index of the node: ${cause.message} ` +
      'Choose another image for the master VM or another ansible_version, or make a bundle on the host of the Infrastructure Manager: npm run runtime-bundle -- --cores all.',
    { cause },
  );
}

/**
 * The directory of the runtime on the node when it is there already.
 * @throws ImError when the bundles cannot be read; SshError.
 */
export async function findRuntime(target: RuntimeTarget): Promise<string | undefined> {
  const python = await pythonVersion(target);
  if (python === undefined) return undefined;
  const choice = await chooseFor(target, python);
  return choice.kind === 'bundle'
    ? runProgram(target, RUNTIME_PROGRAM, [choice.bundle.sha256], undefined)
    : runProgram(target, INDEX_PROGRAM, indexWords(python, choice.core), undefined);
}

/** Directory and requirements of what pip installs on a node. */
function indexWords(python: string, core: string | undefined): readonly string[] {
  const minor = python.split('.').slice(0, 2).join('.');
  const name = `index-${core ?? 'newest'}-python-${minor}`;
  return [name, core === undefined ? 'ansible-core' : `ansible-core~=${core}.0`, 'jmespath', 'pywinrm'];
}

/**
 * Installs the runtime, unless it is there, and gives its directory.
 * @param isAbsent it was just looked for in vain: the bundle is sent at once
 * @throws ImError when the bundle is missing here or cannot be installed there; SshError.
 */
export async function installRuntime(target: RuntimeTarget, isAbsent = false): Promise<string> {
  const python = await pythonVersion(target);
  if (python === undefined) throw new ImError('provider', `There is no python3 on ${target.connection.host}.`);
  const choice = await chooseFor(target, python);
  if (choice.kind === 'bundle')
    return isAbsent ? sendArchive(target, choice.bundle) : installArchive(target, choice.bundle);
  try {
    return await installFromIndex(target, indexWords(python, choice.core));
  } catch (error) {
    if (!(error instanceof ImError)) throw error;
    throw noRuntime(target, python, choice, error);
  }
}

/** The last resort: pip on the node. The callback that writes the events comes from here all the same. */
async function installFromIndex(target: RuntimeTarget, words: readonly string[]): Promise<string> {
  const { collections } = await readManifest(target.bundleDir);
  const posix = collections.find(({ name }) => name === CALLBACK_COLLECTION);
  if (posix === undefined) {
    throw new ImError(
      'internal',
      `The collection ${CALLBACK_COLLECTION} is missing in ${target.bundleDir}. Make it with: npm run runtime-bundle`,
    );
  }
  const path = await runProgram(target, INDEX_PROGRAM, words, await readFile(join(target.bundleDir, posix.file)));
  if (path === undefined) throw vanished(target);
  return path;
}

const vanished = ({ connection }: RuntimeTarget): ImError =>
  new ImError('provider', `The Ansible runtime of ${connection.host} vanished.`);

type Archive = Pick<RuntimeBundle, 'file' | 'sha256'>;

/** Sends an archive of the bundle directory unless the node has it. */
async function installArchive(target: RuntimeTarget, archive: Archive): Promise<string> {
  return (
    (await runProgram(target, RUNTIME_PROGRAM, [archive.sha256], undefined)) ?? (await sendArchive(target, archive))
  );
}

/** Installs an archive; a node that has got it meanwhile keeps its own. */
async function sendArchive(target: RuntimeTarget, { file, sha256 }: Archive): Promise<string> {
  const archive = await readFile(join(target.bundleDir, file));
  const path = await runProgram(target, RUNTIME_PROGRAM, [sha256], archive);
  if (path === undefined) throw vanished(target);
  return path;
}

/**
 * Brings collections of the host to the node, each into a directory of its own, and gives these directories.
 * @throws ImError when one cannot be installed; SshError.
 */
export async function installCollections(
  target: RuntimeTarget,
  collections: readonly CollectionBundle[],
): Promise<readonly string[]> {
  const paths: string[] = [];
  for (const collection of collections) paths.push(await installArchive(target, collection));
  return paths;
}
