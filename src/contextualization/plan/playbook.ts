// SPDX-License-Identifier: Apache-2.0
// Makes the playbook of a contextualize item: the user's recipe merged with the header that says where and how it runs (§11.3).
import { badRequest, errorText } from '../../domain/index.js';
import { dumpYaml, loadYaml } from '../../yaml.js';
import { decryptionFailed, decryptVault, encryptVault, isVaultText } from './vault.js';
import { hasTrueKey, isTruthy, listOf, mappingOf } from './yaml-value.js';

/** Where a playbook runs. */
export interface PlaybookTarget {
  /** Inventory names of the VMs of the task. */
  readonly hostNames: readonly string[];
  readonly isWindows: boolean;
}

/** Where a recipe comes from. */
export interface RecipeSource {
  /** Name of the `configure`, for errors. */
  readonly name: string;
  /** YAML or Vault text. */
  readonly recipe: string;
  /** Feature `vault.password` of the system: the playbook is then written encrypted. */
  readonly vaultPassword?: string;
}

/** A playbook as it goes to the master. */
export interface RecipePlaybook {
  readonly content: string;
  /** The same, never encrypted. */
  readonly text: string;
  /** See `PlannedTask.failsTogether`. */
  readonly failsTogether: boolean;
}

/** A play as key and value, in writing order. */
export type Play = ReadonlyMap<string, unknown>;

// With these a recipe replaces the header's value; a list of both, as the reference makes, is an error at run time (X4).
const REPLACED = new Set(['become', 'become_user', 'gather_facts', 'strategy']);
const INDEPENDENT_STRATEGIES = new Set(['free', 'host_pinned', 'ansible.builtin.free', 'ansible.builtin.host_pinned']);
const FAIL_TOGETHER_KEYS = new Set(['any_errors_fatal', 'max_fail_percentage']);

/**
 * What every play of ours begins with: the VMs of the task, root, each VM going on by itself (`free`, §24.6), facts from the cache.
 */
export function playHeader(target: PlaybookTarget): Play {
  return new Map<string, unknown>([
    ['hosts', target.hostNames],
    ['gather_facts', false],
    ...(target.isWindows ? [] : [['become', true] as const]),
    ['strategy', 'free'],
  ]);
}

/**
 * The playbook of one recipe over the VMs of one system. A recipe that is no list of plays gives a playbook without plays, which fails
 * for the VMs of the task only, at run time, with Ansible's `A playbook must contain at least one play`.
 *
 * @throws ImError `bad-request` for invalid YAML and for Vault texts that cannot be decrypted. The runner puts
 * `Error generating playbooks: ` before the text.
 */
export function recipePlaybook(
  source: RecipeSource,
  target: PlaybookTarget,
  randomBytes: (size: number) => Buffer,
): RecipePlaybook {
  const plays = mergeRecipe(parseRecipe(source), playHeader(target));
  const text = dumpPlaybook(plays);
  const { vaultPassword } = source;
  return {
    text,
    content: vaultPassword === undefined ? text : encryptVault(text, vaultPassword, randomBytes),
    failsTogether: plays.some(failsTogether),
  };
}

/** The text of a playbook. */
export function dumpPlaybook(plays: readonly Play[]): string {
  return dumpYaml(plays.map((play) => new Map(play)));
}

function parseRecipe({ name, recipe, vaultPassword }: RecipeSource): unknown {
  let text = recipe;
  if (isVaultText(recipe)) {
    if (vaultPassword === undefined) throw decryptionFailed();
    text = decryptVault(recipe, vaultPassword);
  }
  try {
    return loadYaml(text, { exact: true });
  } catch (error) {
    throw badRequest(`Error parsing YAML of the configure '${name}': ${errorText(error)}`, { cause: error });
  }
}

/** Merges the header into every play; no plays when the recipe is not a list of mappings. */
function mergeRecipe(recipe: unknown, header: Play): readonly Play[] {
  const plays = (listOf(recipe) ?? []).map(mappingOf);
  const valid = plays.filter((play) => play !== undefined);
  return valid.length === plays.length ? valid.map((play) => mergePlay(header, play)) : [];
}

function mergePlay(header: Play, play: Play): Play {
  const merged = new Map(header);
  for (const [key, value] of play) {
    if (key === 'hosts') merged.set(key, mergeHosts(listOf(header.get(key)) ?? [], value));
    // A false value of the recipe never wins over the header's (`become: no` still is root), as in the reference.
    else if (!header.has(key) || (REPLACED.has(key) && isTruthy(value))) merged.set(key, value);
  }
  return merged;
}

/** The VMs of the task and, after them, whatever the recipe names besides: one VM's step may act on others. */
function mergeHosts(own: readonly unknown[], recipe: unknown): readonly unknown[] {
  const named = (listOf(recipe) ?? [recipe]).filter(isTruthy).map((pattern) => withoutImHost(pattern, own));
  return [...own, ...named.filter((pattern) => pattern !== undefined)];
}

/**
 * `IM_HOST` in a recipe's `hosts` means the VM itself, but a play's hosts know no variables of a host: alone it is left out (the
 * header has the VMs), inside a longer pattern the names take its place.
 */
function withoutImHost(pattern: unknown, own: readonly unknown[]): unknown {
  if (typeof pattern !== 'string') return pattern;
  const replaced = pattern.replaceAll(/\{\{\s*IM_HOST\s*\}\}/g, () => own.join(':'));
  return replaced === own.join(':') ? undefined : replaced;
}

function failsTogether(play: Play): boolean {
  const strategy = play.get('strategy');
  if (typeof strategy === 'string' && INDEPENDENT_STRATEGIES.has(strategy)) return false;
  return hasTrueKey(play, FAIL_TOGETHER_KEYS);
}
