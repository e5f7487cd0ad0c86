// SPDX-License-Identifier: Apache-2.0
// The texts that machines without reachable SSH run: the script that asks for its command, and the command that opens the tunnel
// (rest-api.md §9.15, core.md §23.5).
import { tunnelPort } from '../contextualization/index.js';
import { shellQuote } from '../ssh/index.js';

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

/** What the machine is told of its master: where it is, and a key that opens this tunnel and nothing else. */
export interface TunnelLogin {
  readonly host: string;
  readonly port: number;
  readonly username: string;
  readonly privateKey: string;
}

const OPTIONS = '-o "UserKnownHostsFile=/dev/null" -o "StrictHostKeyChecking=no"';

/** Command of step 2. */
export function tunnelCommand(infrastructureId: string, vmNumber: number, login: TunnelLogin): string {
  const { host, port, username, privateKey } = login;
  const file = `/tmp/${infrastructureId}_${vmNumber}.pem`;
  const forward = `ssh -N -R ${tunnelPort(vmNumber)}:localhost:22 -p ${port} -i ${file} ${OPTIONS}`;
  return `echo "${privateKey.trim()}" > ${file} && chmod 400 ${file} && ${forward} ${shellQuote(`${username}@${host}`)} &`;
}
