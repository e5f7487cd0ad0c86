// SPDX-License-Identifier: Apache-2.0
// What a machine is told at its first boot, for clouds that hand user data to cloud-init (core.md §24.3).
import { itemTool, type Radl, type System, sshPort } from '../../radl/index.js';
import { dumpYaml, loadYaml } from '../../yaml.js';
import type { CallHome } from '../connector.js';

/** What the user data is made of. */
export interface UserDataInput {
  /** Networks, one system, recipes and their steps: `LaunchRequest.concrete`. */
  readonly concrete: Radl;
  /** The user that is made on the machine, and the key with which it is entered. Absent: the provider sees to it. */
  readonly login?: { readonly username: string; readonly publicKey: string };
  /** Of the machine (`LaunchVm.callHome`): user data with it is for this machine alone. */
  readonly callHome?: CallHome | undefined;
}

const MERGE = 'list(append)+dict(recurse_array,no_replace)+str()';

type CloudConfig = Record<string, unknown>;

/**
 * The user data of one machine; undefined when there is nothing to say.
 * A recipe that is no YAML map is a script of the user's and goes alone, as it is.
 *
 * @example cloudInitUserData({ concrete, login: { username: 'cloudadm', publicKey }, callHome: vm.callHome })
 */
export function cloudInitUserData({ concrete, login, callHome }: UserDataInput): string | undefined {
  const [system] = concrete.systems;
  if (system === undefined) return undefined;
  const recipe = cloudInitRecipe(concrete, system);
  const base = recipe === undefined ? {} : configOf(recipe);
  if (base === undefined) return recipe?.trim();

  const config: CloudConfig = { ...base };
  if (callHome !== undefined) {
    append(config, 'packages', ['curl', 'sshpass']);
    append(config, 'runcmd', callHomeCommands(callHome));
  }
  const port = sshPort({ info: concrete });
  if (port !== 22) {
    append(config, 'runcmd', [
      `sed -i '/Port 22/c\\Port ${port}' /etc/ssh/sshd_config`,
      'service sshd restart || service ssh restart',
    ]);
  }
  if (login !== undefined) append(config, 'users', [userOf(login)]);
  if (Object.keys(config).length === 0) return undefined;
  config.merge_how ??= MERGE;
  return `#cloud-config\n${dumpYaml(Object.fromEntries(Object.entries(config).sort(byKey)))}`;
}

/** What the machine runs to get its command: the script comes from the service, opened by a token that is good for this machine only. */
export function callHomeCommands({ commandUrl, token }: CallHome): readonly string[] {
  const authorization = `Authorization: type = InfrastructureManager; token = ${token}`;
  return [
    "echo 'Running IM reverse SSH command'",
    `curl -s --insecure -H "${authorization}" -H "Accept: text/plain" ${commandUrl} | bash &`,
  ];
}

/** Body of the recipe that the system is to be given `with cloud_init`. */
function cloudInitRecipe(concrete: Radl, system: System): string | undefined {
  const item = concrete.contextualize.items?.find(
    (candidate) => candidate.system === system.name && itemTool(candidate) === 'cloud_init',
  );
  const recipe = (item && concrete.getConfigure(item.configure)?.recipe) ?? '';
  return recipe.trim() === '' ? undefined : recipe;
}

/** The map that the text is; undefined when it is something else, such as a script. */
function configOf(recipe: string): CloudConfig | undefined {
  let read: unknown;
  try {
    read = loadYaml(recipe);
  } catch {
    return undefined; // cloud-init knows more forms than YAML
  }
  return typeof read === 'object' && read !== null && !Array.isArray(read) ? { ...read } : undefined;
}

function append(config: CloudConfig, key: string, values: readonly unknown[]): void {
  const present = config[key];
  config[key] = [...(Array.isArray(present) ? present : present === undefined ? [] : [present]), ...values];
}

function userOf({ username, publicKey }: { readonly username: string; readonly publicKey: string }): object {
  // No `ssh-import-id`: it would fetch the keys of whoever has that name at a public service (spec/README.md).
  return {
    homedir: `/opt/${username}`,
    'lock-passwd': true,
    name: username,
    'ssh-authorized-keys': [publicKey],
    sudo: 'ALL=(ALL) NOPASSWD:ALL',
  };
}

const byKey = ([left]: readonly [string, unknown], [right]: readonly [string, unknown]): number =>
  left < right ? -1 : 1;
