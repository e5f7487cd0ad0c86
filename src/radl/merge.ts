// SPDX-License-Identifier: Apache-2.0
// Updating the stored document of an infrastructure with a new one (spec radl 9.2).
import { type Configure, cloneAspect, type Description, type Network, type System } from './aspects.js';
import { checkRadl } from './check.js';
import { cloneContextualize, mergeContextualize } from './contextualize.js';
import type { Radl } from './radl.js';

/** How many networks and Ansible hosts the stored document kept although the new one defines them too. */
export interface MergeOutcome {
  readonly ignoredNetworks: readonly string[];
  readonly ignoredAnsibleHosts: readonly string[];
}

/**
 * Merges `request` into `stored`, in place: the first definition of networks and Ansible hosts wins, configures and systems are
 * replaced (and move to the end), contextualize is merged, deploys of the request replace all stored ones. The
 * result is checked.
 *
 * @returns ids whose new definition was ignored, worth a warning
 * @throws RadlError from the check; `stored` is then as before
 */
export function mergeRadl(stored: Radl, request: Radl): MergeOutcome {
  const restore = snapshot(stored);
  try {
    return mergeInto(stored, request);
  } catch (error) {
    restore();
    throw error;
  }
}

function mergeInto(stored: Radl, request: Radl): MergeOutcome {
  if (request.description !== undefined) stored.description = cloneAspect(request.description);
  const ignoredNetworks = addMissing(stored.networks, request.networks.map(cloneAspect), idOf);
  const ignoredAnsibleHosts = addMissing(stored.ansibleHosts, request.ansibleHosts.map(cloneAspect), idOf);
  replaceNamed(stored.configures, request.configures);
  replaceNamed(stored.systems, request.systems.map(cloneAspect));
  stored.contextualize = mergeContextualize(stored.contextualize, cloneContextualize(request.contextualize));
  if (request.deploys.length > 0) replaceAll(stored.deploys, request.deploys);
  checkRadl(stored);
  return { ignoredNetworks, ignoredAnsibleHosts };
}

function idOf({ id }: { readonly id: string }): string {
  return id;
}

function addMissing<T>(stored: T[], added: readonly T[], keyOf: (aspect: T) => string): string[] {
  const known = new Set(stored.map(keyOf));
  const ignored: string[] = [];
  for (const aspect of added) {
    const key = keyOf(aspect);
    if (known.has(key)) ignored.push(key);
    else stored.push(aspect);
    known.add(key);
  }
  return ignored;
}

/** Removes the namesakes of `added` and appends `added`, in place. */
export function replaceNamed<T extends { readonly name: string }>(stored: T[], added: readonly T[]): void {
  const byName = new Map(stored.map((aspect) => [aspect.name, aspect]));
  for (const aspect of added) {
    byName.delete(aspect.name);
    byName.set(aspect.name, aspect);
  }
  replaceAll(stored, [...byName.values()]);
}

function replaceAll<T>(list: T[], items: readonly T[]): void {
  list.length = 0;
  for (const item of items) list.push(item);
}

/** Takes note of a document; the result puts everything back. Aspects are not changed by the merge, only the lists are. */
function snapshot(radl: Radl): () => void {
  const description: Description | undefined = radl.description;
  const networks: readonly Network[] = [...radl.networks];
  const ansibleHosts = [...radl.ansibleHosts];
  const systems: readonly System[] = [...radl.systems];
  const configures: readonly Configure[] = [...radl.configures];
  const deploys = [...radl.deploys];
  const { contextualize } = radl;
  return () => {
    if (description === undefined) delete radl.description;
    else radl.description = description;
    replaceAll(radl.networks, networks);
    replaceAll(radl.ansibleHosts, ansibleHosts);
    replaceAll(radl.systems, systems);
    replaceAll(radl.configures, configures);
    replaceAll(radl.deploys, deploys);
    radl.contextualize = contextualize;
  };
}
