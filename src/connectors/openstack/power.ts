// SPDX-License-Identifier: Apache-2.0
// Stop, start and reboot (openstack.md §5).
import { type CloudState, ImError } from '../../domain/index.js';
import { DeadlineError, poll } from '../../util/deadline.js';
import type { VmReference } from '../connector.js';
import type { JsonRecord } from '../shared/json-reader.js';
import type { Site } from './site.js';
import { serverState } from './states.js';
import type { ServerView } from './views.js';

const CHANGE_TIMEOUT_MS = 60_000;
const CHANGE_INTERVAL_MS = 500;

/** `os-stop`, until the machine is off or a minute is over. */
export function stop(site: Site, vm: VmReference, signal: AbortSignal): Promise<CloudState> {
  return change(site, vm, { 'os-stop': null }, (server) => serverState(server.status) === 'stopped', signal);
}

/** `os-start`, until the machine runs or a minute is over. */
export function start(site: Site, vm: VmReference, signal: AbortSignal): Promise<CloudState> {
  return change(site, vm, { 'os-start': null }, (server) => server.status === 'ACTIVE', signal);
}

/** A hard reboot, as pulling the plug, until the machine runs again or a minute is over. */
export function reboot(site: Site, vm: VmReference, signal: AbortSignal): Promise<CloudState> {
  return change(site, vm, { reboot: { type: 'HARD' } }, (server) => server.status === 'ACTIVE', signal);
}

async function change(
  site: Site,
  vm: VmReference,
  action: JsonRecord,
  isDone: (server: ServerView) => boolean,
  signal: AbortSignal,
): Promise<CloudState> {
  await existing(site, vm, signal);
  await site.nova.action(vm.providerId, action, signal);
  let last: CloudState = 'unknown';
  try {
    await untilServer(site, vm, signal, (server) => {
      last = serverState(server.status);
      return server.taskState === '' && (isDone(server) || last === 'failed');
    });
  } catch (error) {
    // It goes on at the provider; what is known now is the answer.
    if (!(error instanceof DeadlineError)) throw error;
  }
  return last;
}

/** The server of a VM. @throws ImError `provider` when it does not exist */
export async function existing(site: Site, vm: VmReference, signal: AbortSignal): Promise<ServerView> {
  const server = await site.nova.server(vm.providerId, signal);
  if (server === undefined) throw new ImError('provider', `VM not found with id: ${vm.providerId}`);
  return server;
}

/** Waits until the server is as it should be. @throws DeadlineError after a minute, or after `timeoutMs` */
export function untilServer(
  site: Site,
  vm: VmReference,
  signal: AbortSignal,
  isDone: (server: ServerView) => boolean,
  timeoutMs = CHANGE_TIMEOUT_MS,
): Promise<ServerView> {
  return poll(
    { timeoutMs, intervalMs: CHANGE_INTERVAL_MS, what: `server ${vm.providerId} to change its state`, signal },
    async () => {
      const server = await existing(site, vm, signal);
      return isDone(server) ? server : undefined;
    },
  );
}
