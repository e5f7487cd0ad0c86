// SPDX-License-Identifier: Apache-2.0
// Waits until a VM lets us in: a cheap probe of its SSH port again and again, a log-in only when it answers (contextualization.md §5).
import { errorText, ImError } from '../../domain/index.js';
import { isTransient, type ProbeTarget, type SshConnection, SshError } from '../../ssh/index.js';
import { sleep } from '../../util/deadline.js';
import type { ConfigurableVm } from '../contract.js';
import { firstOpen } from './first-open.js';
import { openProxy } from './proxy-connection.js';
import { currentVm, logIn, logOnce, type RunContext } from './run-context.js';
import {
  directEndpoints,
  type Endpoint,
  innerEndpoints,
  loginOf,
  mainAddress,
  proxyOf,
  tunnelEndpoint,
} from './vm-access.js';

const PROBE_TIMEOUT_MS = 3000;
const PROBE_INTERVAL_MS = 500;
// cloud-init may still be writing the key when sshd already answers: refused credentials are only believed after a while.
const WORTH_A_LINE_MS = 10_000;
const REFUSALS_BELIEVED = 3;
const REFUSAL_PATIENCE_MS = 40_000;

/** A VM that let us in. */
export interface OpenVm {
  readonly vm: ConfigurableVm;
  readonly connection: SshConnection;
  /** The way goes through a bastion, whose connection ends with this one. */
  readonly isThroughProxy: boolean;
  readonly endpoint: Endpoint;
  /** The way goes through the master: the endpoint is the route from there too. */
  readonly isThroughMaster: boolean;
}

/** How to wait. */
export interface LoginWait {
  readonly timeoutMs: number;
  /** Goes through this connection besides trying directly, as soon as there is one. */
  readonly master?: (() => Promise<SshConnection | undefined>) | undefined;
  /** The VM is wanted although it is being destroyed: to end what runs on it. */
  readonly isDeletionIgnored?: boolean;
}

const noLogin = (message: string, cause?: unknown): ImError => new ImError('provider', message, { cause });

const refused = (vm: ConfigurableVm, cause?: unknown): ImError =>
  noLogin(`Error connecting with ip: ${mainAddress(vm) ?? ''} incorrect credentials.`, cause);

async function enter(context: RunContext, vm: ConfigurableVm, way: ProbeTarget) {
  const { username, credentials } = loginOf(vm, context.ansibleKey.privateKey);
  const endpoint: Endpoint = { host: way.host, port: way.port };
  const connection = await logIn(context, vm, { ...endpoint, username, credentials }, way.via, context.signal);
  return { vm, connection, endpoint };
}

/** The bastion of a VM, opened when it is needed, and opened again when it was lost. */
function createProxyDoor(context: RunContext) {
  let proxy: SshConnection | undefined;
  return {
    async open(vm: ConfigurableVm): Promise<SshConnection | undefined> {
      const bastion = proxyOf(vm);
      if (bastion && !proxy?.isOpen) proxy = await openProxy(context, bastion);
      return proxy;
    },
    close: () => proxy?.close(),
  };
}

/** Counts refused log-ins until they are believed. */
function createPatience(now: () => number, patienceMs: number) {
  let count = 0;
  let first = 0;
  return {
    get count() {
      return count;
    },
    /** Whether this refusal is the last one that is borne. */
    isOver(): boolean {
      count += 1;
      first ||= now();
      return count >= REFUSALS_BELIEVED && now() - first >= patienceMs;
    },
  };
}

/**
 * Waits for the log-in to a VM.
 * @throws ImError with the text of contextualization.md §5.4 when it does not come; the signal's reason on abort.
 */
export async function waitLogin(context: RunContext, number: number, wait: LoginWait): Promise<OpenVm> {
  const proxyDoor = createProxyDoor(context);
  try {
    const open = await tryUntilOpen(context, number, wait, proxyDoor.open);
    if (open.isThroughProxy) open.connection.closed.then(proxyDoor.close, proxyDoor.close);
    else proxyDoor.close();
    return open;
  } catch (error) {
    proxyDoor.close();
    throw error;
  }
}

async function tryUntilOpen(
  context: RunContext,
  number: number,
  wait: LoginWait,
  openBastion: (vm: ConfigurableVm) => Promise<SshConnection | undefined>,
): Promise<OpenVm> {
  const { now, settings } = context.environment;
  const started = now();
  const patience = createPatience(now, Math.min(REFUSAL_PATIENCE_MS, settings.waitSshAccessTimeoutMs / 2));
  let lastRefresh = started;
  for (;;) {
    context.signal.throwIfAborted();
    if (now() - lastRefresh >= settings.checkStateIntervalMs) {
      await context.ports.refresh([number]);
      lastRefresh = now();
    }
    const vm = await currentVm(context.ports, number, wait.isDeletionIgnored);
    if (vm.cloudState === 'failed') throw noLogin('VM Failure.');
    const proxy = await openBastion(vm);
    const master = await wait.master?.();
    const via = proxy ?? master;
    const inner = via ? innerEndpoints(vm).map((endpoint) => ({ ...endpoint, via })) : [];
    // The end of a tunnel that the VM opens itself lies on the master.
    const tunnel = master && !proxy ? [{ ...tunnelEndpoint(vm), via: master }] : [];
    const ways: readonly ProbeTarget[] = [...directEndpoints(vm), ...inner, ...tunnel];
    const { way, isForwardingForbidden } = await firstOpen(ways, PROBE_TIMEOUT_MS, context.signal);
    if (way) {
      try {
        const { connection, endpoint } = await enter(context, vm, way);
        const isThrough = (other: SshConnection | undefined) => other !== undefined && way.via === other;
        return { vm, connection, endpoint, isThroughMaster: isThrough(master), isThroughProxy: isThrough(proxy) };
      } catch (error) {
        if (!(error instanceof SshError)) throw error;
        if (error.reason === 'authentication') {
          if (patience.isOver()) throw refused(vm, error);
        } else if (!isTransient(error)) throw noLogin(errorText(error), error);
      }
    }
    const waitedMs = now() - started;
    if (waitedMs > wait.timeoutMs) {
      if (patience.count > 0) throw refused(vm);
      if (ways.length === tunnel.length) throw noLogin('Timeout waiting the VM to get a public IP.');
      const hint = isForwardingForbidden ? ' The machine on the way forbids TCP forwarding (AllowTcpForwarding).' : '';
      throw noLogin(`Timeout waiting SSH access.${hint}`);
    }
    if (waitedMs > WORTH_A_LINE_MS) await logOnce(context, waitingLine(vm, ways, patience.count));
    await sleep(PROBE_INTERVAL_MS * Math.min(1 + patience.count, 4), context.signal);
  }
}

/** Tells users what a long wait is about (§13.4). */
function waitingLine(vm: ConfigurableVm, ways: readonly ProbeTarget[], refusals: number): string {
  if (refusals > 0) return `Waiting for VM ${vm.number}: it answers, but refuses the credentials so far.`;
  const where = ways.map(({ host, port }) => `${host}:${port}`).join(', ');
  return `Waiting for VM ${vm.number}: no SSH server answers yet${where === '' ? '' : ` at ${where}`}.`;
}
