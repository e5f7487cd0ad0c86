// SPDX-License-Identifier: Apache-2.0
// Prepares one VM that let us in: bootstrap, change of credentials, what Ansible must know about it (contextualization.md §6, §24.2).
import { acceptNewCredentials, setCredentials } from '../../radl/index.js';
import { publicKeyOf, type SshConnection } from '../../ssh/index.js';
import { type BootstrapRequest, bootstrapNode } from '../bootstrap/bootstrap-node.js';
import type { BootstrapReport } from '../bootstrap/report.js';
import type { ConfigurableVm, PlannedBootstrap } from '../contract.js';
import type { RunContext } from './run-context.js';
import { loginOf, type VmLogin } from './vm-access.js';

/** What to prepare a VM with. */
export interface Preparation {
  readonly bootstrap: PlannedBootstrap;
  readonly etcHosts: string;
  readonly isMaster: boolean;
}

/** What was found. */
export interface PreparedVm {
  readonly report: BootstrapReport;
  readonly user: string;
}

/** The password that was accepted, or the current one: what sudo will ask for. */
function sudoPassword(connection: SshConnection, login: VmLogin): string | undefined {
  return connection.credential.kind === 'password' ? connection.credential.password : login.password;
}

/** Values to set on the machine. Existing hosts keep their password; a new one needs an old one (§6.2). */
function wantedChanges(vm: ConfigurableVm, connection: SshConnection, login: VmLogin) {
  const { newPassword, newPublicKey, newPrivateKey } = login;
  const isSet = connection.credential.kind === 'password' && connection.credential.password === newPassword;
  const password = newPassword && login.password && !vm.isExistingHost && !isSet ? newPassword : undefined;
  const publicKey = newPublicKey ?? (newPrivateKey ? publicKeyOf(newPrivateKey) : undefined);
  return { password, publicKey, isPasswordSet: isSet };
}

/** Takes over what the machine has now. Errors of single changes are in the report and never fatal (§6.4). */
async function takeOver(
  context: RunContext,
  vm: ConfigurableVm,
  login: VmLogin,
  report: BootstrapReport,
  wanted: ReturnType<typeof wantedChanges>,
): Promise<void> {
  const isDone = (step: string): boolean =>
    report.steps.some(({ name, status }) => name === step && status !== 'failed');
  const isPasswordDone = login.newPassword === undefined || wanted.isPasswordSet || isDone('password');
  const isKeyDone = wanted.publicKey === undefined || isDone('new_key');
  const hasNew = login.newPassword !== undefined || wanted.publicKey !== undefined;
  if (!hasNew || (!isPasswordDone && !isKeyDone)) return;
  await context.ports.updateVmInfo(vm.number, (info) => {
    const system = info.systems[0];
    if (!system) return;
    if (isPasswordDone && isKeyDone) {
      acceptNewCredentials(system);
      return;
    }
    if (isPasswordDone && login.newPassword) {
      setCredentials(system, { password: login.newPassword });
      system.features.delete('disk.0.os.credentials.new.password');
    }
    if (isKeyDone && login.newPrivateKey) {
      setCredentials(system, {
        privateKey: login.newPrivateKey,
        ...(login.newPublicKey && { publicKey: login.newPublicKey }),
      });
      system.features.delete('disk.0.os.credentials.new.private_key');
      system.features.delete('disk.0.os.credentials.new.public_key');
    }
  });
}

/**
 * Runs the bootstrap on a VM and takes over its new credentials. A VM that cannot be used is in the report.
 * @throws SshError when the connection breaks.
 */
export async function prepareVm(
  context: RunContext,
  vm: ConfigurableVm,
  connection: SshConnection,
  { bootstrap, etcHosts, isMaster }: Preparation,
): Promise<PreparedVm> {
  const login = loginOf(vm, context.ansibleKey.privateKey);
  const wanted = wantedChanges(vm, connection, login);
  const request: BootstrapRequest = {
    sudoPassword: sudoPassword(connection, login),
    fqdn: bootstrap.fqdn,
    etcHosts,
    publicKey: context.ansibleKey.publicKey,
    isNatInstance: bootstrap.isNatInstance,
    bearerToken: bootstrap.bearerToken,
    needsSshClient: isMaster,
    newPassword: wanted.password,
    newPublicKey: wanted.publicKey,
  };
  const timeoutMs = context.environment.settings.ansibleInstallTimeoutMs;
  const report = await bootstrapNode(connection, request, { timeoutMs, signal: context.signal });
  await takeOver(context, vm, login, report, wanted);
  return { report, user: login.username };
}
