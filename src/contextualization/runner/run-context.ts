// SPDX-License-Identifier: Apache-2.0
// What all parts of a run share.
import { type FailurePhase, ImError } from '../../domain/index.js';
import type { SshConnection, SshCredential } from '../../ssh/index.js';
import { connect, type HostKeyMemory } from '../../ssh/index.js';
import type { Semaphore } from '../../util/semaphore.js';
import type {
  AnsibleKey,
  ConfigurableVm,
  ContextualizationEnvironment,
  ContextualizationPorts,
  ContextualizationRun,
} from '../contract.js';
import type { ProgressKeeper } from './progress.js';
import type { Endpoint } from './vm-access.js';

/** One run with its tools. */
export interface RunContext {
  readonly run: ContextualizationRun;
  readonly environment: ContextualizationEnvironment;
  readonly ports: ContextualizationPorts;
  readonly ansibleKey: AnsibleKey;
  readonly progress: ProgressKeeper;
  /** Aborts when the run is cancelled and when its time is over. */
  readonly signal: AbortSignal;
  /** Bounds the log-ins that are under way: sshd drops connections when too many have not authenticated yet (MaxStartups 10). */
  readonly handshakes: Semaphore;
}

/** What a run has before it needs to log in anywhere: making a key pair takes a fifth of a second of CPU. */
export type WaitContext = Omit<RunContext, 'ansibleKey'>;

/** A step of the whole infrastructure failed: the run ends, all VMs are unconfigured. The texts go to its log, one line each. */
export class InfrastructureFailure extends Error {
  override readonly name = 'InfrastructureFailure';
  readonly lines: readonly string[];
  /** What the run was doing; said by whoever knows. */
  phase: FailurePhase | undefined;

  constructor(lines: readonly string[], cause?: unknown) {
    super(lines.join('\n'), cause === undefined ? undefined : { cause });
    this.lines = lines;
  }
}

/** Logs a line of the infrastructure once in a run, also when the run is resumed. */
export async function logOnce(context: WaitContext, line: string): Promise<void> {
  if (context.progress.current.logged.includes(line)) return;
  await context.ports.logInfrastructure(line);
  await context.progress.update(({ logged }) => ({ logged: [...logged, line] }));
}

/** Writes a text into the log of a VM once in a run. */
export async function logVmOnce(context: RunContext, vm: number, text: string): Promise<void> {
  const mark = `VM ${vm}: ${text}`;
  if (context.progress.current.logged.includes(mark)) return;
  await context.ports.logVm(vm, text);
  await context.progress.update(({ logged }) => ({ logged: [...logged, mark] }));
}

/** Memory of the host key of a machine that is no VM of ours: bastion, external Ansible host. */
export const sharedHostKey = (ports: ContextualizationPorts, host: string, port: number): HostKeyMemory => ({
  known: () => ports.sharedHostKey(`${host}:${port}`),
  remember: (fingerprint) => ports.rememberSharedHostKey(`${host}:${port}`, fingerprint),
});

const HANDSHAKE_TIMEOUT_MS = 20_000;

/** Logs in to a VM, checking its remembered host key. */
export function logIn(
  context: RunContext,
  vm: ConfigurableVm,
  to: Endpoint & { readonly username: string; readonly credentials: readonly SshCredential[] },
  via: SshConnection | undefined,
  signal: AbortSignal,
): Promise<SshConnection> {
  const { ports } = context;
  const hostKey: HostKeyMemory = {
    known: () => ports.hostKey(vm.number),
    remember: (fingerprint) => ports.rememberHostKey(vm.number, fingerprint),
  };
  return context.handshakes.run(
    () => connect({ ...to, via, hostKey, timeoutMs: HANDSHAKE_TIMEOUT_MS, signal }),
    signal,
  );
}

/**
 * The VM as it is now.
 * @throws ImError `vm-deleted` when it was destroyed meanwhile.
 */
export async function currentVm(
  ports: ContextualizationPorts,
  number: number,
  isDeletionIgnored = false,
): Promise<ConfigurableVm> {
  const vm = await ports.vm(number);
  if (!vm || (vm.isDeleting && !isDeletionIgnored)) throw new ImError('vm-deleted', 'VM destroyed.');
  return vm;
}
