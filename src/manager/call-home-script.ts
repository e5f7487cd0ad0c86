// SPDX-License-Identifier: Apache-2.0
// The texts that machines without reachable SSH run: the script that asks for its command, and the command that opens the tunnel
// (rest-api.md §9.15, core.md §23.5).
import { shellQuote } from '../ssh/index.js';

/** Tunnels begin at this port of the master. */
const FIRST_TUNNEL_PORT = 20_000;
const POLL_SECONDS = 20;
const COMMAND_FILE = '/var/tmp/reverse_ssh.sh';
const CRON_FILE = '/etc/cron.d/reverse_ssh';
const CRON_LINE = `*/1 * * * * root ps aux | grep -v grep | grep 'ssh -N -R' || ${COMMAND_FILE}`;

/**
 * Script of step 1: asks at `url` until the answer is not `wait`, runs it, and has cron run it again when the tunnel breaks. It gives
 * up when its token is refused, since asking again cannot help.
 */
export function callHomeScript(url: string, token: string): string {
  return `#!/bin/bash
umask 077
while true; do
  ANSWER=$(curl --insecure -s -H "Authorization: type = InfrastructureManager; token = ${token}" -H "Accept: text/plain" -w '\\n%{http_code}' ${shellQuote(url)})
  STATUS=\${ANSWER##*$'\\n'}
  COMMAND=\${ANSWER%$'\\n'*}
  case "$STATUS" in
    200) if [ "$COMMAND" != "wait" ]; then break; fi ;;
    401|403|404) echo "Asking for the reverse SSH command failed: $COMMAND" >&2; exit 1 ;;
  esac
  sleep ${POLL_SECONDS}
done
rm -f ${COMMAND_FILE}
printf '%s\\n' "$COMMAND" > ${COMMAND_FILE}
chmod 700 ${COMMAND_FILE}
if [ "$COMMAND" != "true" ]; then
  echo "${CRON_LINE}" > ${CRON_FILE}
  chmod 644 ${CRON_FILE}
fi
bash ${COMMAND_FILE}
`;
}

/** How the machine logs in to the master. */
export interface TunnelTarget {
  readonly host: string;
  readonly port: number;
  readonly username: string;
  readonly privateKey?: string;
  readonly password?: string;
}

const OPTIONS = '-o "UserKnownHostsFile=/dev/null" -o "StrictHostKeyChecking=no"';

/** Command of step 2; undefined when there is nothing to log in with. */
export function tunnelCommand(infrastructureId: string, vmNumber: number, target: TunnelTarget): string | undefined {
  const { host, port, username, privateKey, password } = target;
  const forward = `ssh -N -R ${FIRST_TUNNEL_PORT + vmNumber}:localhost:22 -p ${port}`;
  const destination = shellQuote(`${username}@${host}`);
  if (privateKey !== undefined) {
    const file = `/tmp/${infrastructureId}_${vmNumber}.pem`;
    return `echo ${quotedKey(privateKey)} > ${file} && chmod 400 ${file} && ${forward} -i ${file} ${OPTIONS} ${destination} &`;
  }
  if (password === undefined) return undefined;
  return `sshpass -p${shellQuote(password)} ${forward} ${OPTIONS} ${destination} &`;
}

/** Real keys hold nothing that the shell would look at between double quotes. */
function quotedKey(key: string): string {
  const text = key.trim();
  return /^[\w+/=:.,\s-]*$/.test(text) ? `"${text}"` : shellQuote(text);
}
