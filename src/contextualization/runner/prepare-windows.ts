// SPDX-License-Identifier: Apache-2.0
// Waits for a Windows machine over WinRM through the control node, and prepares it: hosts file, new password (contextualization.md §5.5, §6.3, §17).
import { errorText, ImError } from '../../domain/index.js';
import { acceptNewCredentials, credentials, remotePort, winrmPort } from '../../radl/index.js';
import type { SshConnection } from '../../ssh/index.js';
import { sleep } from '../../util/deadline.js';
import { describeStep, readSteps } from '../bootstrap/report.js';
import type { ConfigurableVm, ConfigurationPlan } from '../contract.js';
import { PREPARE_SCRIPT } from '../windows/prepare-script.js';
import { checkWinrm, runPowerShell, WinrmError, type WinrmTarget } from '../windows/winrm-client.js';
import type { ControlDoor } from './control-link.js';
import type { VmConnection } from './progress.js';
import { currentVm, logOnce, type RunContext } from './run-context.js';
import { type Endpoint, mainAddress, privateAddress, publicAddress } from './vm-access.js';

const HTTPS_PORT = 5986;
const HTTP_PORT = 5985;
const DEFAULT_USER = 'Administrator';
const PAUSE_MS = 1000;
const PREPARE_TIMEOUT_MS = 120_000;
// The service answers before the first boot has set the password.
const REFUSAL_PATIENCE_MS = 40_000;
const WORTH_A_LINE_MS = 10_000;

type Scheme = NonNullable<VmConnection['winrm']>;

/** Passwords go over plain HTTP only where the document opens that port and not the other one. */
function schemeOf(vm: ConfigurableVm): Scheme {
  const isPlain = remotePort(vm, HTTPS_PORT) === undefined && remotePort(vm, HTTP_PORT) !== undefined;
  return isPlain ? 'http' : 'https';
}

/** Private address first, each with the port that the document maps and with the usual one. */
function endpointsOf(vm: ConfigurableVm, scheme: Scheme): readonly Endpoint[] {
  const mapped = scheme === 'http' ? (remotePort(vm, HTTP_PORT) ?? HTTP_PORT) : winrmPort(vm);
  const ports = [...new Set([mapped, scheme === 'http' ? HTTP_PORT : HTTPS_PORT])];
  const hosts = [privateAddress(vm), publicAddress(vm)].filter((host) => host !== undefined);
  return hosts.flatMap((host) => ports.map((port) => ({ host, port })));
}

function loginsOf(vm: ConfigurableVm) {
  const system = vm.info.systems[0];
  const current = system ? credentials(system) : {};
  const next = system ? credentials(system, { isNew: true }) : {};
  return {
    username: current.username || DEFAULT_USER,
    passwords: [current.password, next.password].flatMap((password) => (password ? [password] : [])),
    newPassword: next.password || undefined,
  };
}

/** Trust on first use, as for SSH: the certificate that was there at the first log-in is demanded ever after. */
function certificateMemory({ ports }: RunContext, vm: ConfigurableVm, where: string) {
  let seen: string | undefined;
  return {
    check: async (fingerprint: string): Promise<void> => {
      const known = await ports.hostKey(vm.number);
      if (known !== undefined && known !== fingerprint) {
        throw new WinrmError(
          'protocol',
          `${where} shows the certificate ${fingerprint}, but ${known} was seen before. Another machine answers at this address; ` +
            'if that is intended, let the key be forgotten (im-admin forget-host-key) or recreate the VM.',
        );
      }
      seen = fingerprint;
    },
    remember: async (): Promise<void> => {
      if (seen !== undefined && (await ports.hostKey(vm.number)) === undefined)
        await ports.rememberHostKey(vm.number, seen);
    },
  };
}

interface OpenWindows {
  readonly vm: ConfigurableVm;
  readonly target: WinrmTarget;
}

/** One round over all endpoints and passwords. */
async function tryAll(
  context: RunContext,
  vm: ConfigurableVm,
  control: SshConnection,
): Promise<OpenWindows | { readonly problem: WinrmError | undefined; readonly isRefused: boolean }> {
  const scheme = schemeOf(vm);
  const { username, passwords } = loginsOf(vm);
  let problem: WinrmError | undefined;
  let isRefused = false;
  for (const { host, port } of endpointsOf(vm, scheme)) {
    const memory = certificateMemory(context, vm, `${host}:${port}`);
    for (const password of passwords) {
      const open = (signal: AbortSignal) => control.forward(host, port, signal);
      const target: WinrmTarget = { host, port, scheme, username, password, open, checkCertificate: memory.check };
      try {
        await checkWinrm(target, context.signal);
        await memory.remember();
        return { vm, target };
      } catch (error) {
        if (!(error instanceof WinrmError)) throw error;
        if (error.reason === 'protocol') throw error;
        isRefused ||= error.reason === 'refused';
        problem = error;
        if (error.reason === 'unreachable') break; // the other password does not help
      }
    }
  }
  return { problem, isRefused };
}

async function waitWindows(
  context: RunContext,
  number: number,
  door: ControlDoor,
  timeoutMs: number,
): Promise<OpenWindows> {
  const { now, settings } = context.environment;
  const link = await door.link;
  const started = now();
  let lastRefresh = started;
  let refusedSince = 0;
  for (;;) {
    context.signal.throwIfAborted();
    if (now() - lastRefresh >= settings.checkStateIntervalMs) {
      await context.ports.refresh([number]);
      lastRefresh = now();
    }
    const vm = await currentVm(context.ports, number);
    if (vm.cloudState === 'failed') throw new ImError('provider', 'VM Failure.');
    if (loginsOf(vm).passwords.length === 0) {
      throw new ImError(
        'provider',
        `VM ${number} is a Windows machine without password: give disk.0.os.credentials.password.`,
      );
    }
    const outcome = await tryAll(context, vm, await link.connection(context.signal));
    if ('target' in outcome) return outcome;
    const { problem, isRefused } = outcome;
    refusedSince = isRefused ? refusedSince || now() : 0;
    const patienceMs = Math.min(REFUSAL_PATIENCE_MS, settings.waitSshAccessTimeoutMs / 2);
    if (isRefused && now() - refusedSince >= patienceMs) {
      throw new ImError('provider', `Error connecting with ip: ${mainAddress(vm) ?? ''} incorrect credentials.`, {
        cause: problem,
      });
    }
    if (now() - started > timeoutMs) {
      throw new ImError('provider', `Timeout waiting WinRM access. ${problem?.message ?? 'The VM has no address.'}`);
    }
    if (now() - started > WORTH_A_LINE_MS) await logOnce(context, `Waiting for VM ${number}: no WinRM answers yet.`);
    await sleep(PAUSE_MS, context.signal);
  }
}

/**
 * Prepares a Windows machine and writes what was done.
 * @returns what Ansible must know of it, and the lines for its log
 * @throws ImError when it does not let us in or cannot be prepared; the signal's reason on abort
 */
export async function prepareWindows(
  context: RunContext,
  plan: ConfigurationPlan,
  number: number,
  door: ControlDoor,
  timeoutMs: number,
): Promise<{ readonly connection: VmConnection; readonly lines: readonly string[] }> {
  try {
    const { vm, target } = await waitWindows(context, number, door, timeoutMs);
    const { username, newPassword } = loginsOf(vm);
    const isSet = newPassword === undefined || target.password === newPassword;
    const wanted = { hosts: plan.etcHosts, user: username, password: isSet || vm.isExistingHost ? null : newPassword };
    const input = `${Buffer.from(JSON.stringify(wanted)).toString('base64')}\n`;
    const result = await runPowerShell(target, PREPARE_SCRIPT, input, {
      timeoutMs: PREPARE_TIMEOUT_MS,
      signal: context.signal,
    });
    const steps = readSteps(result.stdout);
    if (!result.stdout.includes('IM1\tend\tfact')) {
      const said = (result.stderr || result.stdout).replace(/\s+/g, ' ').trim().slice(-300);
      throw new ImError(
        'provider',
        `The preparation of the machine stopped before its end (exit code ${result.exitCode}): ${said}`,
      );
    }
    const isChanged = steps.some(({ name, status }) => name === 'password' && status === 'changed');
    // A changed password is only believed when it opens the machine.
    if (isChanged && newPassword !== undefined) await checkWinrm({ ...target, password: newPassword }, context.signal);
    if (newPassword !== undefined && (isChanged || isSet)) {
      await context.ports.updateVmInfo(number, (info) => {
        const system = info.systems[0];
        if (system) acceptNewCredentials(system);
      });
    }
    const { host, port, scheme } = target;
    return {
      connection: { user: username, route: { host, port }, needsPassword: false, python: '', winrm: scheme },
      lines: [`Remote access to VM: ${host}:${port} Open! (WinRM over ${scheme})`, ...steps.map(describeStep)],
    };
  } catch (error) {
    if (!(error instanceof WinrmError)) throw error;
    throw new ImError('provider', errorText(error), { cause: error });
  }
}
