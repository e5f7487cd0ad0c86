// SPDX-License-Identifier: Apache-2.0
// Gets an ansible-core with its packages from the Python package index, exactly as a lock file names them by checksum.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pythonRangeOf } from '../../src/contextualization/runtime/python-range.js';
import { type AnsibleSource, unpackedAnsible } from './ansible-source.js';

const LOCKS = fileURLToPath(new URL('./locks/', import.meta.url));
const TIMEOUT_MS = 180_000;
const UNZIP = 'import sys, zipfile; [zipfile.ZipFile(name).extractall(sys.argv[1]) for name in sys.argv[2:]]';
// Compiled parts are left out of a bundle: which processor the files were made for does not matter, only that all hosts get the same.
const PLATFORMS = ['manylinux2014_x86_64', 'manylinux_2_17_x86_64', 'any'];

/** The versions `2.N` that there are lock files of, oldest first. */
export const lockedCores = (): readonly string[] =>
  readdirSync(LOCKS)
    .map((name) => name.replace(/\.txt$/, ''))
    .sort((left, right) => Number(left.split('.')[1]) - Number(right.split('.')[1]));

/** Text of a lock file. */
export const lockOf = (core: string): string => readFileSync(join(LOCKS, `${core}.txt`), 'utf8');

/**
 * Runs `use` with the packages of a lock file, unpacked in a directory that is gone afterwards.
 * @throws Error with the words of pip.
 */
export function withLockedAnsible<T>(pip: readonly string[], core: string, use: (source: AnsibleSource) => T): T {
  const directory = mkdtempSync(join(tmpdir(), 'im-runtime-'));
  try {
    const [wheels, library] = [join(directory, 'files'), join(directory, 'lib')];
    mkdirSync(library);
    download(pip, core, directory, wheels);
    const files = readdirSync(wheels).map((name) => join(wheels, name));
    const isWheel = (file: string): boolean => file.endsWith('.whl');
    run(['python3', '-c', UNZIP, library, ...files.filter(isWheel)]);
    for (const file of files.filter((name) => !isWheel(name))) unpackSource(file, directory, library);
    return use(unpackedAnsible(library));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function download(pip: readonly string[], core: string, directory: string, to: string): void {
  const { min } = pythonRangeOf(`${core}.0`, '3.11');
  // Releases before 2.13 are no wheels: `any` source is taken as it is, by its checksum.
  const python = core === '2.11' ? '3.6' : min;
  const abi = `cp${python.replace('.', '')}`;
  const lock = lockOf(core).split('\n').filter(Boolean);
  const isSource = (line: string): boolean => core === '2.11' && line.startsWith('ansible-core==');
  const fetch = (lines: readonly string[], options: readonly string[]): void => {
    if (lines.length === 0) return;
    const list = join(directory, 'lock.txt');
    writeFileSync(list, `${lines.join('\n')}\n`);
    run([
      ...pip,
      'download',
      '--quiet',
      '--no-deps',
      '--require-hashes',
      '--dest',
      to,
      '--requirement',
      list,
      ...options,
    ]);
  };
  fetch(
    lock.filter((line) => !isSource(line)),
    [
      '--only-binary=:all:',
      ...['--python-version', python, '--implementation', 'cp'],
      ...[abi, `${abi}m`, 'abi3', 'none'].flatMap((name) => ['--abi', name]),
      ...PLATFORMS.flatMap((name) => ['--platform', name]),
    ],
  );
  fetch(lock.filter(isSource), ['--no-binary=:all:']);
}

/** A source archive of ansible-core: its `lib` is what a wheel holds. */
function unpackSource(file: string, directory: string, library: string): void {
  run(['tar', '-xzf', file, '-C', directory]);
  const root = readdirSync(directory).find((name) => name.startsWith('ansible-core-'));
  if (root === undefined) throw new Error(`${file} holds no ansible-core`);
  renameSync(join(directory, root, 'lib', 'ansible'), join(library, 'ansible'));
  const info = join(library, `${root.replace('ansible-core', 'ansible_core')}.dist-info`);
  mkdirSync(info);
  renameSync(join(directory, root, 'PKG-INFO'), join(info, 'METADATA'));
}

/** How pip is started here; undefined when there is none. */
export function findPip(): readonly string[] | undefined {
  for (const pip of [['python3', '-m', 'pip'], ['/usr/bin/python3', '-m', 'pip'], ['pip3']]) {
    try {
      run([...pip, '--version']);
      return pip;
    } catch {
      // the next one
    }
  }
  return undefined;
}

function run([program = '', ...argv]: readonly string[]): void {
  try {
    execFileSync(program, argv, { stdio: ['ignore', 'ignore', 'pipe'], timeout: TIMEOUT_MS, encoding: 'utf8' });
  } catch (error) {
    const words = error instanceof Error && 'stderr' in error ? String(error.stderr) : '';
    const last = words.trim().split('\n').slice(-3).join(' ');
    throw new Error(last || (error instanceof Error ? error.message : String(error)), { cause: error });
  }
}
