// SPDX-License-Identifier: Apache-2.0
// The settings and the command line of Ansible on the control node (contextualization.md §7, §24.4-§24.6).
import { dumpYaml } from '../../yaml.js';
import type { VmConnection } from './progress.js';
import { proxyArguments } from './proxy-command.js';
import { START_PATH } from './start-program.js';

const DEFAULT_PYTHON = '/usr/bin/python3';

const collectionsPath = (directory: string, runtime: string, collections: readonly string[]): string =>
  [
    `${directory}/collections`,
    ...collections,
    `${runtime}/lib`,
    '/var/tmp/ansible',
    '/usr/share/ansible/collections',
  ].join(':');

/**
 * The settings file. Everything stays in the infrastructure's directory, so that infrastructures that share a node do not meet.
 * `LC_IM_RUN` travels to the nodes because sshd accepts `LC_*`: it marks the processes of a run, for ending them.
 */
export const ansibleConfig = (
  directory: string,
  runtime: string,
  collections: readonly string[] = [],
): string => `# Written by the Infrastructure Manager for each run.
[defaults]
inventory = ${directory}/hosts
stdout_callback = ansible.posix.jsonl
host_key_checking = False
gathering = smart
fact_caching = jsonfile
fact_caching_connection = ${directory}/facts_cache
fact_caching_timeout = 86400
timeout = 30
private_key_file = ${directory}/ansible_key
roles_path = ${directory}/roles:/var/tmp/ansible/roles:/etc/ansible/roles
collections_path = ${collectionsPath(directory, runtime, collections)}
local_tmp = ${directory}/.ansible/tmp
interpreter_python = ${DEFAULT_PYTHON}
jinja2_extensions = jinja2.ext.do
allow_world_readable_tmpfiles = True
force_valid_group_names = ignore
retry_files_enabled = False
deprecation_warnings = False
nocolor = 1
nocows = 1

[privilege_escalation]
become_method = sudo
become_user = root

[inventory]
enable_plugins = yaml, ini

[ssh_connection]
pipelining = True
retries = 2
control_path_dir = ${directory}/.ansible/cp
ssh_args = -o ControlMaster=auto -o ControlPersist=120s -o ServerAliveInterval=15 -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -o SendEnv=LC_IM_RUN
`;

/**
 * What the inventory must not hold: a second inventory in a memory file system, gone when the task ends. The control node's own
 * password stands for all, because that is where `delegate_to: localhost` looks; hosts that need none or another one say so. On a VM that
 * configures itself (`self`) it is this one that is local, and the master is reached like any other.
 */
export function connectionInventory(
  hostNames: ReadonlyMap<number, string>,
  connections: ReadonlyMap<number, VmConnection>,
  passwords: ReadonlyMap<number, string>,
  controlVm: number | null,
  directory: string,
  self?: number,
): string {
  const passwordOf = (vm: number): string | undefined =>
    connections.get(vm)?.needsPassword ? passwords.get(vm) : undefined;
  const control = self ?? controlVm;
  const shared = control === null ? undefined : passwordOf(control);
  const connectionOf = (vm: number): string | undefined =>
    self === undefined ? undefined : vm === self ? 'local' : vm === controlVm ? 'ssh' : undefined;
  const hosts = [...hostNames].map(([vm, name]) => {
    const { python = '', winrm, isBehindProxy } = connections.get(vm) ?? {};
    if (winrm !== undefined) {
      return [name, { ansible_password: passwords.get(vm) ?? '', ansible_winrm_scheme: winrm }] as const;
    }
    const password = passwordOf(vm) ?? (shared === undefined ? undefined : '');
    const connection = connectionOf(vm);
    const variables = {
      ...(connection !== undefined && { ansible_connection: connection }),
      ...(password !== undefined && { ansible_become_password: password }),
      ...(isBehindProxy && { ansible_ssh_common_args: proxyArguments(directory, vm) }),
      ...(python !== '' && python !== DEFAULT_PYTHON && { ansible_python_interpreter: python }),
    };
    return [name, variables] as const;
  });
  const vars = shared === undefined ? {} : { vars: { ansible_become_password: shared } };
  return dumpYaml({ all: { hosts: Object.fromEntries(hosts), ...vars } });
}

/** What one Ansible process is started with. `{task}` and `{secrets}` are replaced on the node. */
export interface AnsibleCall {
  readonly runtime: string;
  readonly directory: string;
  readonly playbook: string;
  readonly forks: number;
  readonly hasVault: boolean;
  /** Patterns that keep VMs out; undefined when all of the playbook take part. */
  readonly isLimited: boolean;
}

/** Command line of a playbook; no secret is in it. */
export const ansibleCommand = (call: AnsibleCall): readonly string[] => [
  'python3',
  `${call.directory}/${START_PATH}`,
  `${call.runtime}/bin/ansible-playbook`,
  '-i',
  `${call.directory}/hosts`,
  '-i',
  '{secrets}/connection.yml',
  '--forks',
  String(call.forks),
  ...(call.isLimited ? ['--limit', '@{task}/limit'] : []),
  ...(call.hasVault ? ['--vault-password-file', '{secrets}/vault'] : []),
  `${call.directory}/${call.playbook}`,
];

/** Environment of a playbook, besides that of the log-in. */
export const ansibleEnvironment = (
  directory: string,
  runtime: string,
  mark: string,
  collections: readonly string[] = [],
): Readonly<Record<string, string>> => ({
  ANSIBLE_CONFIG: `${directory}/ansible.cfg`,
  ANSIBLE_HOME: `${directory}/.ansible`,
  // The file names the runtime of the master; a VM that configures itself has its own.
  ANSIBLE_COLLECTIONS_PATH: collectionsPath(directory, runtime, collections),
  LC_ALL: 'C.UTF-8',
  LC_IM_RUN: mark,
  // Recipes that call ansible-galaxy or ansible-playbook on the control node find ours.
  PATH: `${runtime}/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
});

/** Patterns that keep the given hosts out, one a line, without line end at the end: Ansible takes each line as a pattern. */
export const limitPatterns = (excludedHosts: readonly string[]): string =>
  ['all', ...excludedHosts.map((name) => `!${name}`)].join('\n');
