// SPDX-License-Identifier: Apache-2.0
// Recipes that come with the daemon: they answer for their public addresses, also without internet (spec tosca 8.10, 13).
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ARTIFACTS_URL } from './sources.js';

/** Texts of shipped recipes by the URL that they answer for. */
export type ShippedArtifacts = ReadonlyMap<string, string>;

/** Reads all files of the folder (`tosca/artifacts` of the installation). @throws the file system's error when it is missing */
export function readShippedArtifacts(folder: string): ShippedArtifacts {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
  return new Map(names.map((name) => [ARTIFACTS_URL + name, readFileSync(join(folder, name), 'utf8')]));
}

type FetchText = (url: string, signal?: AbortSignal) => Promise<string>;

/**
 * A fetcher for which the shipped recipes answer.
 *
 * @param preferRemote the network is asked first; a shipped recipe answers when that fails
 */
export function withShippedArtifacts(fetch: FetchText, artifacts: ShippedArtifacts, preferRemote: boolean): FetchText {
  return async (url, signal) => {
    const shipped = artifacts.get(url);
    if (shipped === undefined) return fetch(url, signal);
    if (!preferRemote) return shipped;
    try {
      return await fetch(url, signal);
    } catch {
      signal?.throwIfAborted();
      return shipped;
    }
  };
}
