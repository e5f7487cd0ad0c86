// SPDX-License-Identifier: Apache-2.0
// Waits until a VM lets us in: a cheap probe of its SSH port again and again, a log-in only when it answers (contextualization.md §5).
import { errorText, ImError } from '../../domain/index.js';
import { isTransient, type ProbeTarget, type SshConnection, SshError } from '../../ssh/index.js';
import { sleep } from '../../util/deadline.js';
import type { ConfigurableVm } from '../contract.js';
import { firstOpen } from './first-open.js';
import { openProxy } from './proxy-connection.js';
import { currentVm, logIn, type RunContext } from './run-context.js';
import { directEndpoints, type Endpoint, innerEndpoints, loginOf, mainAddress, proxyOf } from './vm-access.js';

const PROBE_TIMEOUT_MS = 3000;
const PROBE_INTERVAL_MS = 500;
// cloud-init may still be writing the key when sshd already answers: refused credentials are only believed after a while.
const REFUSALS_BELIEVED = 3;
const REFUSAL_PATIENCE_MS = 40_000;

/** A VM that let us in. */
export interface OpenVm {
  readonly vm: ConfigurableVm;
  readonly connection: SshConnection;
  /** Connection to the bastion that this one goes through; to be closed with it. */
  readonly proxy?: SshConnection;
  readonly endpoint: Endpoint;
  /** The way goes through the master: the endpoint is the route from there too. */
  readonly isThroughMaster: boolean;
}

/** How to wait. */
export interface LoginWait {
  readonly timeoutMs: number;
  /** Goes through this connection besides trying directly, as soon as there is one. */
  readonly master?: (() => Promise<SshConnection | undefined>) | undefined;
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

/**
 * Waits for the log-in to a VM.
 * @throws ImError with the text of contextualization.md §5.4 when it does not come; the signal's reason on abort.
 */
export async function waitLogin(context: RunContext, number: number, wait: LoginWait): Promise<OpenVm> {
  const { now, settings } = context.environment;
  const started = now();
  const patienceMs = Math.min(REFUSAL_PATIENCE_MS, settings.waitSshAccessTimeoutMs / 2);
  let refusals = 0;
  let firstRefusal = 0;
  let lastRefresh = started;
  let proxy: SshConnection | undefined;
  for (;;) {
    context.signal.throwIfAborted();
    if (now() - lastRefresh >= settings.checkStateIntervalMs) {
      await context.ports.refresh([number]);
      lastRefresh = now();
    }
    const vm = await currentVm(context.ports, number);
    if (vm.cloudState === 'failed') throw noLogin('VM Failure.');
    const bastion = proxyOf(vm);
    if (bastion && !proxy?.isOpen) proxy = await openProxy(context, bastion);
    const master = await wait.master?.();
    const via = proxy ?? master;
    const inner = via ? innerEndpoints(vm).map((endpoint) => ({ ...endpoint, via })) : [];
    const ways: readonly ProbeTarget[] = [...directEndpoints(vm), ...inner];
    const { way, isForwardingForbidden } = await firstOpen(ways, PROBE_TIMEOUT_MS, context.signal);
    if (way) {
      try {
        const open = await enter(context, vm, way);
        const isThroughProxy = proxy !== undefined && way.via === proxy;
        if (proxy && !isThroughProxy) proxy.close();
        return {
          ...open,
          isThroughMaster: way.via !== undefined && way.via === master,
          ...(proxy && isThroughProxy && { proxy }),
        };
      } catch (error) {
        if (!(error instanceof SshError)) throw error;
        if (error.reason === 'authentication') {
          refusals += 1;
          firstRefusal ||= now();
          if (refusals >= REFUSALS_BELIEVED && now() - firstRefusal >= patienceMs) {
            throw refused(vm, error);
          }
        } else if (!isTransient(error)) throw noLogin(errorText(error), error);
      }
    }
    if (now() - started > wait.timeoutMs) {
      if (refusals > 0) throw refused(vm);
      if (ways.length === 0) throw noLogin('Timeout waiting the VM to get a public IP.');
      const hint = isForwardingForbidden ? ' The machine on the way forbids TCP forwarding (AllowTcpForwarding).' : '';
      throw noLogin(`Timeout waiting SSH access.${hint}`);
    }
    await sleep(PROBE_INTERVAL_MS * Math.min(1 + refusals, 4), context.signal);
  }
}
