// SPDX-License-Identifier: Apache-2.0
// User data for cloud-init: the user's own document or script, how to call home, the port of the SSH server, and the login (core.md §24.3).
import { itemTool, type Radl, sshPort } from '../../radl/index.js';
import { dumpYaml, loadYaml, YamlError } from '../../yaml.js';
import type { CallHome } from '../connector.js';
import { systemOf } from './first-system.js';

const MERGE_HOW = 'list(append)+dict(recurse_array,no_replace)+str()';
const SSH_PORT = 22;

/** Who can log in once the machine is up. */
export interface CloudInitLogin {
  readonly username: string;
  /** OpenSSH text; undefined: the image has a login already. */
  readonly publicKey: string | undefined;
}

/**
 * The user data of a machine; undefined when there is nothing to say. A document of the user that is no mapping (a script) is passed on
 * alone.
 * @param document the concrete document of one VM with its recipes and contextualize items
 * @param callHome `LaunchVm.callHome`: user data with it is for this machine alone
 */
export function cloudInit(document: Radl, login: CloudInitLogin, callHome?: CallHome): string | undefined {
  const recipe = cloudInitRecipe(document);
  const own = recipe === undefined ? {} : readMapping(recipe);
  if (own === undefined) return recipe?.trim();
  const config: Record<string, unknown> = { ...own };
  const append = (key: string, ...items: readonly unknown[]): void => {
    const present = config[key];
    config[key] = [...(Array.isArray(present) ? present : present === undefined ? [] : [present]), ...items];
  };
  if (callHome !== undefined) {
    append('packages', 'curl');
    append('runcmd', ...callHomeCommands(callHome));
  }
  const port = sshPort({ info: document });
  if (port !== SSH_PORT) {
    append(
      'runcmd',
      `sed -i '/Port 22/c\\Port ${port}' /etc/ssh/sshd_config`,
      'service sshd restart || service ssh restart',
    );
  }
  if (login.publicKey !== undefined) {
    // Without ssh-import-id, which would let in whoever owns the Launchpad account of that name (spec/README.md).
    append('users', {
      homedir: `/opt/${login.username}`,
      'lock-passwd': true,
      name: login.username,
      'ssh-authorized-keys': [login.publicKey],
      sudo: 'ALL=(ALL) NOPASSWD:ALL',
    });
  }
  if (Object.keys(config).length === 0) return undefined;
  config.merge_how ??= MERGE_HOW;
  return `#cloud-config\n${dumpYaml(sorted(config))}`;
}

/** What the machine runs to get its command: the script comes from the service, opened by a token that is good for this machine only. */
export function callHomeCommands({ commandUrl, token }: CallHome): readonly string[] {
  const authorization = `Authorization: type = InfrastructureManager; token = ${token}`;
  return [
    "echo 'Running IM reverse SSH command'",
    `curl -s --insecure -H "${authorization}" -H "Accept: text/plain" ${commandUrl} | bash &`,
  ];
}

/** In the order of their names, so that the same document always gives the same text. */
function sorted(config: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(config).sort(([left], [right]) => (left < right ? -1 : 1)));
}

/** The recipe that the last `with cloud_init` item of the system names. */
function cloudInitRecipe(document: Radl): string | undefined {
  const system = systemOf(document);
  const item = document.contextualize.items?.findLast(
    (candidate) => candidate.system === system.name && itemTool(candidate) === 'cloud_init',
  );
  if (item === undefined) return undefined;
  return document.configures.find(({ name }) => name === item.configure)?.recipe ?? undefined;
}

function readMapping(recipe: string): Record<string, unknown> | undefined {
  try {
    const value = loadYaml(recipe);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value))
      : undefined;
  } catch (error) {
    if (error instanceof YamlError) return undefined;
    throw error;
  }
}
