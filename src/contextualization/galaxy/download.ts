// SPDX-License-Identifier: Apache-2.0
// Downloads what a role or collection is asked by: Galaxy name, archive URL, git repository (contextualization.md §7).

import { sleep } from '../../util/deadline.js';
import { trimEndOf } from '../../util/trim-text.js';
import type { ContentSource } from '../contract.js';
import type { ContentRequest, FoundContent } from './content.js';
import { asContentError, ContentError } from './failure.js';
import { downloadCollection, downloadRole, type GetBytes, MAX_ARCHIVE_BYTES } from './galaxy-server.js';
import { archiveOfRepository } from './git.js';
import { packContent } from './pack-content.js';

/** How things are downloaded. */
export interface DownloadTools {
  readonly source: ContentSource;
  readonly timeoutMs: number;
  /** Tries of what may pass by itself (PLAYBOOK_RETRIES). */
  readonly attempts: number;
  /** Before a try, counted from 1. */
  readonly pauseMs: (attempt: number) => number;
  readonly signal: AbortSignal;
}

/**
 * The content behind a request.
 * @throws ContentError naming the request and the reason; the signal's reason on abort.
 */
export async function download(request: ContentRequest, tools: DownloadTools): Promise<FoundContent> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return packContent(request, await archiveOf(request, tools));
    } catch (error) {
      tools.signal.throwIfAborted();
      const failure = asContentError(request, error);
      if (!failure.isTransient || attempt >= tools.attempts) throw failure;
      await sleep(tools.pauseMs(attempt + 1), tools.signal);
    }
  }
}

async function archiveOf(request: ContentRequest, { source: from, timeoutMs, signal }: DownloadTools): Promise<Buffer> {
  const { kind, source, version } = request;
  const get: GetBytes = (url, maxBytes) => from.fetchBytes(url, { maxBytes, timeoutMs, signal });
  const repository = repositoryOf(source);
  if (repository !== undefined) return gitArchive(from, repository, { version, timeoutMs, signal });
  if (/^https?:\/\//i.test(source)) return get(source, MAX_ARCHIVE_BYTES);
  if (source.includes('://') || /^[\w.-]+@[\w.-]+:/.test(source)) {
    throw new ContentError(
      'It can be fetched from http and https URLs only (of archives, or "git+" and a repository).',
    );
  }
  return kind === 'role' ? downloadRole(get, source, version) : downloadCollection(get, source, version);
}

/** The URL of a git repository; as for ansible-galaxy, what is at github.com and no archive is one too. */
function repositoryOf(source: string): string | undefined {
  if (/^git\+https?:\/\//i.test(source)) return source.slice('git+'.length);
  if (!URL.canParse(source)) return undefined;
  const { protocol, hostname, pathname } = new URL(source);
  const isGithub = protocol === 'https:' && hostname === 'github.com' && !/\.(?:tar\.gz|tgz|tar)$/.test(pathname);
  return isGithub ? source : undefined;
}

async function gitArchive(
  from: ContentSource,
  url: string,
  options: { readonly version: string | undefined; readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<Buffer> {
  try {
    return await archiveOfRepository({ ...options, place: await from.locate(url) });
  } catch (error) {
    // Servers that redirect mean this one.
    const isRedirected =
      error instanceof ContentError && /redirect|requested URL returned error: 3/i.test(error.message);
    if (!isRedirected || url.endsWith('.git')) throw error;
    return archiveOfRepository({ ...options, place: await from.locate(`${trimEndOf(url, '/')}.git`) });
  }
}
