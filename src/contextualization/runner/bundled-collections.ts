// SPDX-License-Identifier: Apache-2.0
// Which collections of the daemon's host a run needs, and their way to the control node (contextualization.md §24.3).
import { errorText, ImError } from '../../domain/index.js';
import { SshError } from '../../ssh/index.js';
import type { ConfigurationPlan } from '../contract.js';
import { type ContentPackage, roleTexts } from '../galaxy/index.js';
import {
  type CollectionBundle,
  installCollections,
  namedCollections,
  readManifest,
  readRouting,
  withNeeds,
} from '../runtime/index.js';
import type { ControlLink } from './control-link.js';
import { InfrastructureFailure, logOnce, type RunContext } from './run-context.js';
import { onRuntime } from './runtime-target.js';

/** In every runtime. */
const ALWAYS_THERE = 'ansible.posix';
/** Facts of Windows machines come from it. */
const WINDOWS = 'ansible.windows';

/** The collections that playbooks and roles name, but for those that the documents ask Galaxy for. */
export async function neededCollections(
  context: RunContext,
  plan: ConfigurationPlan,
  packages: readonly ContentPackage[],
): Promise<readonly CollectionBundle[]> {
  const { runtimeBundleDir } = context.environment.settings;
  const { collections } = await readManifest(runtimeBundleDir);
  if (collections.length === 0) return [];
  const known = new Set(collections.map(({ name }) => name));
  const routing = await readRouting(runtimeBundleDir);
  const texts = [...plan.playbookTexts, ...(await Promise.all(packages.map(roleTexts))).flat()];
  const named = new Set(texts.flatMap((text) => [...namedCollections(text, routing, known)]));
  if (plan.windows.length > 0) named.add(WINDOWS);
  const fetched = new Set(packages.map(({ path }) => path.split('/').slice(-2).join('.')));
  const needed = withNeeds(
    [...named].filter((name) => !fetched.has(name)),
    collections,
  );
  return collections.filter(({ name }) => needed.has(name) && name !== ALWAYS_THERE && !fetched.has(name));
}

/**
 * Makes the collections usable on the control node.
 * @returns directories for the settings of Ansible
 * @throws InfrastructureFailure when one cannot be installed
 */
export async function installNeeded(
  context: RunContext,
  link: ControlLink,
  collections: readonly CollectionBundle[],
): Promise<readonly string[]> {
  if (collections.length === 0) return [];
  try {
    const paths = await onRuntime(context, link, (target) => installCollections(target, collections));
    await logOnce(context, `Ansible collections for the recipes: ${collections.map(({ name }) => name).join(', ')}.`);
    return paths;
  } catch (error) {
    context.signal.throwIfAborted();
    if (!(error instanceof ImError || error instanceof SshError)) throw error;
    throw new InfrastructureFailure([`Error configuring master node: ${errorText(error)}`], error);
  }
}
