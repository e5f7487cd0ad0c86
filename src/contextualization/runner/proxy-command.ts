// SPDX-License-Identifier: Apache-2.0
// How the ssh of a control node goes through the bastion of a network, with key or password, which only lie in a memory file system
// while a task runs (contextualization.md §18, §24.4).
import type { PlannedFile } from '../contract.js';
import type { VmProxy } from './vm-access.js';

const COMMAND = 'proxy-command.sh';
const ASKPASS = 'proxy-askpass.sh';

/** `$1` number of the VM, `$2` its address, `$3` its port. IM_SECRETS is the place of the running task. */
const COMMAND_SCRIPT = `#!/bin/sh
set -eu
place=$IM_SECRETS/proxy-$1 target=[$2]:$3 here=$(dirname "$0")
{ read -r user; read -r host; read -r port; } <"$place"
set -- -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -o ConnectTimeout=30 -o ServerAliveInterval=15   -o ControlPath=none -o NumberOfPasswordPrompts=1 -p "$port" -l "$user" -W "$target"
if [ -e "$place.key" ]; then set -- -i "$place.key" -o IdentitiesOnly=yes "$@"; else set -- -o PubkeyAuthentication=no "$@"; fi
if [ -e "$place.password" ]; then
  # Older ssh programs only ask another program when there is a display and no terminal.
  export SSH_ASKPASS="$here/${ASKPASS}" SSH_ASKPASS_REQUIRE=force DISPLAY=:0 IM_PROXY_PASSWORD="$place.password"
else
  set -- -o BatchMode=yes "$@"
fi
exec ssh "$@" -- "$host"
`;

const ASKPASS_SCRIPT = `#!/bin/sh
# IM_PROXY_PASSWORD names the file.
exec cat "$IM_PROXY_PASSWORD"
`;

/** The programs, for the infrastructure's directory. They hold no data. */
export const PROXY_FILES: readonly PlannedFile[] = [
  { path: COMMAND, content: COMMAND_SCRIPT, mode: 0o700 },
  { path: ASKPASS, content: ASKPASS_SCRIPT, mode: 0o700 },
];

/** Arguments of Ansible's ssh for a VM behind a bastion. */
export const proxyArguments = (directory: string, vm: number): string =>
  `-o ProxyCommand="sh ${directory}/${COMMAND} ${vm} %h %p"`;

/** What the programs read, by file name in the place of a task's secrets. */
export function proxySecrets(proxies: ReadonlyMap<number, VmProxy>): Readonly<Record<string, string>> {
  const files: Record<string, string> = {};
  for (const [vm, { username, host, port, password, privateKey }] of proxies) {
    files[`proxy-${vm}`] = `${username}\n${host}\n${port}\n`;
    if (privateKey !== undefined) files[`proxy-${vm}.key`] = `${privateKey.replaceAll('\r', '').trim()}\n`;
    if (password !== undefined) files[`proxy-${vm}.password`] = `${password}\n`;
  }
  return files;
}
