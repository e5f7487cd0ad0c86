// SPDX-License-Identifier: Apache-2.0
// Finds the machine that runs Ansible, master VM or external Ansible host, and logs in to it (contextualization.md §4, §5.3, §5.4).
import { errorText, ImError } from '../../domain/index.js';
import type { Radl } from '../../radl/index.js';
import { connect, isTransient, type SshConnection, SshError } from '../../ssh/index.js';
import { sleep } from '../../util/deadline.js';
import type { ConfigurableVm } from '../contract.js';
import { type ExternalAnsibleHost, electMaster, externalAnsibleHosts } from '../plan/index.js';
import { type ControlLink, createControlLink } from './control-link.js';
import type { OpenLinks } from './open-links.js';
import { currentVm, InfrastructureFailure, logOnce, type RunContext, sharedHostKey } from './run-context.js';
import { type OpenVm, waitLogin } from './wait-login.js';

/** Which machine runs Ansible. */
export type ControlNode =
  | { readonly kind: 'master'; readonly vm: number; readonly isNew: boolean }
  | { readonly kind: 'external'; readonly host: ExternalAnsibleHost };

const EXTERNAL_PORT = 22;
const LOGIN_TIMEOUT_MS = 20_000;
const FIRST_PAUSE_MS = 500;
const PAUSE_MS = 1000;
const RECONNECT_LIMIT_MS = 60_000;

/** Key of the master among the control nodes of a run. External hosts have their ids. */
export const MASTER_KEY = '';

/**
 * Which control node the VMs of a system are configured from: the external host that the system names, else the first one of the
 * document, else the master.
 * @throws InfrastructureFailure when a system names a host that the document does not have.
 */
export function controlKeys(radl: Radl): (systemName: string) => string {
  const hosts = externalAnsibleHosts(radl);
  const [first] = hosts;
  if (!first) return () => MASTER_KEY;
  const named = new Map(
    radl.systems.map(({ name, features }) => [name, features.getText('ansible_host') || first.id] as const),
  );
  const unknown = [...named].find(([, id]) => !hosts.some((host) => host.id === id));
  if (unknown) {
    throw new InfrastructureFailure([
      `Contextualization Error: the system ${unknown[0]} names ${unknown[1]} as ansible_host; the document has no such ansible host (it has: ${hosts.map(({ id }) => id).join(', ')}).`,
    ]);
  }
  return (systemName) => named.get(systemName) ?? first.id;
}

/** The external hosts that VMs are configured from, in the order of the document. */
function usedHosts(radl: Radl, vms: readonly ConfigurableVm[]): readonly ExternalAnsibleHost[] {
  const keyOf = controlKeys(radl);
  const used = new Set(vms.map(({ systemName }) => keyOf(systemName)));
  return externalAnsibleHosts(radl).filter(({ id }) => used.has(id));
}

/** Where a run is carried out. */
export interface ControlPlan {
  /** By control key, never empty. */
  readonly nodes: ReadonlyMap<string, ControlNode>;
  /** Null with external hosts. */
  readonly masterVm: number | null;
  readonly keyOf: (systemName: string) => string;
}

/**
 * Elects the master or takes the external hosts.
 * @throws InfrastructureFailure when there is none.
 */
export async function chooseControl(
  context: RunContext,
  radl: Radl,
  vms: readonly ConfigurableVm[],
  disabled: ReadonlySet<number>,
): Promise<ControlPlan> {
  const keyOf = controlKeys(radl);
  const hosts = usedHosts(radl, vms);
  if (hosts.length > 0) {
    const nodes = new Map(hosts.map((host) => [host.id, { kind: 'external', host }] as const));
    return { nodes, masterVm: null, keyOf };
  }
  const { ports, run } = context;
  const current = await ports.master();
  const vm = electMaster(vms, current, disabled);
  const isNew = vm !== current || run.refreshRoles;
  if (isNew) await logOnce(context, 'Select master VM');
  if (vm !== current) await ports.setMaster(vm);
  if (vm === null) {
    throw new InfrastructureFailure([
      'Contextualization Error: No correct Master VM found. Check if there a linux VM with Public IP.',
    ]);
  }
  return { nodes: new Map([[MASTER_KEY, { kind: 'master', vm, isNew }]]), masterVm: vm, keyOf };
}

/** Waits until the provider says that the master runs. */
async function waitMasterRunning(context: RunContext, number: number): Promise<void> {
  const { now, settings } = context.environment;
  const started = now();
  let pauseMs = FIRST_PAUSE_MS;
  for (;;) {
    const { cloudState } = await currentVm(context.ports, number);
    if (cloudState === 'running') return;
    if (cloudState === 'failed' || now() - started >= settings.waitRunningVmTimeoutMs) {
      throw new ImError('provider', `the state of VM ${number} is ${cloudState}`);
    }
    await sleep(pauseMs, context.signal);
    pauseMs = Math.min(pauseMs * 2, Math.max(settings.checkStateIntervalMs, FIRST_PAUSE_MS));
    await context.ports.refresh([number]);
  }
}

/** Passes on what is no failure of the machine: cancellation and the end of the time. */
function failure(context: RunContext, error: unknown, ...lines: readonly string[]): unknown {
  context.signal.throwIfAborted();
  if (!(error instanceof ImError || error instanceof SshError)) return error;
  return new InfrastructureFailure(lines, error);
}

/**
 * Waits for the master VM and logs in.
 * @throws InfrastructureFailure with the lines of contextualization.md §5.3, §5.4.
 */
export async function openMaster(context: RunContext, number: number, isNew: boolean): Promise<OpenVm> {
  if (isNew) await logOnce(context, 'Wait master VM to boot');
  try {
    await waitMasterRunning(context, number);
  } catch (error) {
    throw failure(
      context,
      error,
      'Contextualization Error: Error Waiting the Master VM to boot',
      `VM ${number}: ${errorText(error)}`,
    );
  }
  if (isNew) await logOnce(context, 'Wait master VM to have the SSH active.');
  try {
    return await waitLogin(context, number, { timeoutMs: context.environment.settings.waitSshAccessTimeoutMs });
  } catch (error) {
    const text = `Contextualization Error: Error Waiting the Master VM to have the SSH active: ${errorText(error)}`;
    throw failure(context, error, text);
  }
}

/** A link to the master that logs in again when the connection breaks. */
export function linkToMaster(context: RunContext, master: OpenVm): ControlLink {
  const { number } = master.vm;
  return createControlLink(number, master.connection, async () => {
    const again = await waitLogin(context, number, { timeoutMs: RECONNECT_LIMIT_MS });
    return again.connection;
  });
}

/**
 * Opens the links to the control nodes of an earlier run, for ending what runs there. Nothing is elected.
 * @throws ImError, SshError when one does not let us in.
 */
export async function reopenControl(context: RunContext, radl: Radl, links: OpenLinks): Promise<void> {
  const hosts = usedHosts(radl, await context.ports.vms());
  await Promise.all(
    hosts.map(async (host) => {
      const open = (signal: AbortSignal) => openExternal(context, host, signal);
      links.add(host.id, createControlLink(null, await open(context.signal), open));
    }),
  );
  if (hosts.length > 0) return;
  const master = await context.ports.master();
  if (master === null) return;
  const timeoutMs = context.environment.settings.waitSshAccessTimeoutMs;
  links.add(
    MASTER_KEY,
    linkToMaster(context, await waitLogin(context, master, { timeoutMs, isDeletionIgnored: true })),
  );
}

/** Logs in to an external Ansible host. */
async function openExternal(
  { ports }: RunContext,
  host: ExternalAnsibleHost,
  signal: AbortSignal,
): Promise<SshConnection> {
  return connect({
    host: host.host,
    port: EXTERNAL_PORT,
    username: host.username,
    credentials: [
      ...(host.password ? [{ kind: 'password', password: host.password } as const] : []),
      ...(host.privateKey ? [{ kind: 'key', privateKey: host.privateKey } as const] : []),
    ],
    hostKey: sharedHostKey(ports, host.host, EXTERNAL_PORT),
    timeoutMs: LOGIN_TIMEOUT_MS,
    signal,
  });
}

/**
 * Waits for an external Ansible host.
 * @throws InfrastructureFailure when it does not let us in.
 */
export async function linkToExternal(context: RunContext, host: ExternalAnsibleHost): Promise<ControlLink> {
  const { now, settings } = context.environment;
  const started = now();
  for (;;) {
    try {
      const first = await openExternal(context, host, context.signal);
      return createControlLink(null, first, (signal) => openExternal(context, host, signal));
    } catch (error) {
      if (!isTransient(error) || now() - started >= settings.waitSshAccessTimeoutMs) {
        throw failure(
          context,
          error,
          `Contextualization Error: the Ansible host ${host.host} cannot be used: ${errorText(error)}`,
        );
      }
      await sleep(PAUSE_MS, context.signal);
    }
  }
}
