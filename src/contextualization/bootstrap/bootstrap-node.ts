// SPDX-License-Identifier: Apache-2.0
// Prepares one node over a logged-in connection: one command, everything it needs on standard input.
import { type SshConnection, shellCommand } from '../../ssh/index.js';
import { type BootstrapReport, parseReport } from './report.js';
import { INNER_SCRIPT, OUTER_SCRIPT } from './script.js';

/** What to prepare. */
export interface BootstrapRequest {
  /** Password of the log-in's user, for a sudo that asks. */
  readonly sudoPassword?: string | undefined;
  readonly fqdn: string;
  readonly etcHosts: string;
  /** Public key of the infrastructure, a line of `authorized_keys`. */
  readonly publicKey: string;
  readonly isNatInstance: boolean;
  /** For the environment of all users; empty: none. */
  readonly bearerToken: string;
  /** The node opens SSH connections itself (the master). */
  readonly needsSshClient: boolean;
  /** To be set instead of the current password. */
  readonly newPassword?: string | undefined;
  /** To be added to the keys of the user. */
  readonly newPublicKey?: string | undefined;
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** Standard input of the two programs; see script.ts for its form. */
function inputOf(request: BootstrapRequest): string {
  const lines = [
    request.sudoPassword ? base64(request.sudoPassword) : '-',
    'begin',
    `fqdn ${request.fqdn}`,
    `etc_hosts ${base64(request.etcHosts)}`,
    `key ${base64(request.publicKey.trim())}`,
    ...(request.bearerToken === '' ? [] : [`token ${base64(request.bearerToken)}`]),
    `nat ${request.isNatInstance ? 1 : 0}`,
    `need_ssh ${request.needsSshClient ? 1 : 0}`,
    ...(request.newPassword ? [`new_password ${base64(request.newPassword)}`] : []),
    ...(request.newPublicKey ? [`new_key ${base64(request.newPublicKey.trim())}`] : []),
    'end',
  ];
  return `${lines.join('\n')}\n`;
}

const MUST_HAVE_TERMINAL = /must have a tty|no tty present and/i;
const DROP_REQUIRETTY = shellCommand(
  'sudo',
  '-S',
  '-p',
  '',
  'sed',
  '-i',
  's/^[[:space:]]*Defaults[[:space:]]\\{1,\\}requiretty/#&/',
  '/etc/sudoers',
);

/**
 * Runs the bootstrap. A node that cannot be used is reported, not thrown: `isUsable` and `problem`.
 * @throws SshError when the connection breaks or the time is over; the signal's reason when it aborts.
 */
export async function bootstrapNode(
  connection: SshConnection,
  request: BootstrapRequest,
  options: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<BootstrapReport> {
  const command = shellCommand('sh', '-c', OUTER_SCRIPT, 'im', INNER_SCRIPT);
  const stdin = inputOf(request);
  const first = await connection.exec(command, { ...options, stdin });
  if (!MUST_HAVE_TERMINAL.test(first.stderr + first.stdout)) return parseReport(first.stdout, first.stderr);
  // sudo with `requiretty`: the line is taken out through a terminal, then all goes its usual way (contextualization.md §6.7).
  await connection.exec(DROP_REQUIRETTY, {
    ...options,
    timeoutMs: Math.min(options.timeoutMs, 30_000),
    stdin: `${request.sudoPassword ?? ''}\n`,
    hasTerminal: true,
  });
  const second = await connection.exec(command, { ...options, stdin });
  return parseReport(second.stdout, second.stderr);
}
