// SPDX-License-Identifier: Apache-2.0
// Gets one version of a repository as an archive, with git in a bounded child process that can reach nothing but the given address.
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { errorText } from '../../domain/index.js';
import { maskUrls } from '../../util/mask-url.js';
import type { GuardedPlace } from '../contract.js';
import { ContentError } from './failure.js';
import { MAX_UNPACKED_BYTES } from './pack-content.js';

/** What to get. */
export interface GitRequest {
  /** http or https, as the guard allows it. */
  readonly place: GuardedPlace;
  /** Tag, branch or commit; undefined: what the repository shows first. */
  readonly version: string | undefined;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

const LARGEST_PACK_BYTES = 256_000_000;
const SHOWN = 300;
/** No file that git writes may be larger: the system ends it then. */
const BOUNDED = 'ulimit -f "$1" && shift && exec git "$@"';

/**
 * The archive (tar) of a version.
 * @throws ContentError with the words of git; the signal's reason on abort.
 */
export async function archiveOfRepository(request: GitRequest): Promise<Buffer> {
  const { version } = request;
  if (version !== undefined && !/^\w[\w./+-]{0,200}$/.test(version)) {
    throw new ContentError(`${JSON.stringify(version)} is no tag, branch or commit.`);
  }
  const directory = await mkdtemp(join(tmpdir(), 'im-git-'));
  try {
    return await withGit(request, directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function withGit({ place, version, timeoutMs, signal }: GitRequest, directory: string): Promise<Buffer> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  const git = async (...words: readonly string[]): Promise<GitEnd> => {
    const end = await runGit(words, directory, environmentFor(place, directory), limit);
    signal.throwIfAborted();
    if (limit.aborted)
      throw new ContentError(`The repository was not complete within ${timeoutMs / 1000} s.`, { isTransient: true });
    return end;
  };
  await git('init', '--quiet', '--bare', '.').then(demand);
  // Only what is needed; where the server cannot do that (old ones, abbreviated commits), everything.
  const quick = await git('fetch', '--quiet', '--no-tags', '--depth', '1', 'origin', version ?? 'HEAD');
  let commit = 'FETCH_HEAD';
  if (quick.code !== 0) {
    const all = ['+HEAD:refs/im/head', '+refs/heads/*:refs/heads/*', '+refs/tags/*:refs/tags/*'];
    demand(await git('fetch', '--quiet', 'origin', ...all));
    commit = version ?? 'refs/im/head';
    const known = await git('rev-parse', '--verify', '--quiet', `${commit}^{commit}`);
    if (known.code !== 0) throw new ContentError(`The repository has no tag, branch or commit ${commit}.`);
  }
  return demand(await git('archive', '--format=tar', commit)).output;
}

/** Nothing of the daemon's own environment, no other protocols, no other hosts, no questions. The URL may hold a password: not in argv. */
function environmentFor(place: GuardedPlace, directory: string): Readonly<Record<string, string>> {
  const address = place.address.includes(':') ? `[${place.address}]` : place.address;
  const settings = {
    'remote.origin.url': place.url,
    'http.followRedirects': 'false',
    'http.curloptResolve': `${place.host}:${place.port}:${address}`,
    'http.lowSpeedLimit': '1000',
    'http.lowSpeedTime': '30',
    'core.hooksPath': '/dev/null',
    'gc.auto': '0',
  };
  return {
    PATH: '/usr/local/bin:/usr/bin:/bin',
    HOME: directory,
    LC_ALL: 'C',
    GIT_ALLOW_PROTOCOL: 'http:https',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_TERMINAL_PROMPT: '0',
    GIT_ASKPASS: 'true',
    GIT_CONFIG_COUNT: String(Object.keys(settings).length),
    ...Object.fromEntries(
      Object.entries(settings).flatMap(([key, value], index) => [
        [`GIT_CONFIG_KEY_${index}`, key],
        [`GIT_CONFIG_VALUE_${index}`, value],
      ]),
    ),
  };
}

interface GitEnd {
  readonly code: number | null;
  readonly output: Buffer;
  readonly errors: string;
}

function demand(end: GitEnd): GitEnd {
  if (end.code === 0) return end;
  if (end.code === 127)
    throw new ContentError('There is no git on the host of the Infrastructure Manager: install it.');
  const words = maskUrls(end.errors).replace(/\s+/g, ' ').trim().slice(-SHOWN);
  const isTransient = /could not resolve host|timed out|connection (?:refused|reset)|error: 5\d\d|early EOF/i.test(
    words,
  );
  throw new ContentError(`git: ${words || `ended with code ${end.code} (larger than ${LARGEST_PACK_BYTES} bytes?)`}`, {
    isTransient,
  });
}

function runGit(
  words: readonly string[],
  directory: string,
  env: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<GitEnd> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const blocks = String(Math.ceil(LARGEST_PACK_BYTES / 512));
    // In a group of its own: git starts helpers, which must end with it.
    const child = spawn('/bin/sh', ['-c', BOUNDED, 'sh', blocks, ...words], {
      cwd: directory,
      env,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const output: Buffer[] = [];
    let size = 0;
    let errors = '';
    const kill = (): void => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
      } catch (error) {
        errors += errorText(error); // it has just ended
      }
    };
    signal.addEventListener('abort', kill, { once: true });
    child.stdout.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > MAX_UNPACKED_BYTES) kill();
      else output.push(chunk);
    });
    child.stderr.on('data', (chunk: Buffer) => {
      errors = `${errors}${chunk.toString('utf8')}`.slice(-4 * SHOWN);
    });
    child.on('error', (error) =>
      reject(new ContentError(`git cannot be started: ${errorText(error)}`, { cause: error })),
    );
    child.on('close', (code) => {
      signal.removeEventListener('abort', kill);
      if (size > MAX_UNPACKED_BYTES) {
        reject(new ContentError(`It is larger than ${MAX_UNPACKED_BYTES / 1_000_000} MB.`));
      } else resolve({ code, output: Buffer.concat(output), errors });
    });
  });
}
