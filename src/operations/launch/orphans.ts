// SPDX-License-Identifier: Apache-2.0
// Machines that came of a create call whose daemon had lost the lease, or had died, by the time they were there: nobody has a record of them.
import { errorText, type Resource, type VirtualMachine } from '../../domain/index.js';
import { sleep } from '../../util/deadline.js';
import { CloudSession, vmReference } from '../cloud-session.js';
import type { OperationContext } from '../context.js';
import type { OperationEnvironment } from '../environment.js';

/** A create call that was made or tried. */
export interface AskedLaunch {
  readonly vm: VirtualMachine;
  readonly resource: Resource;
  readonly token: string;
}

/** How often it is looked whether the daemon that goes on has come to an end. */
const LOOK_MS = 1000;

/** It may have to wait for slow providers itself; after this the ledger is left as it is, for the report of what is left over. */
const LONGEST_WAIT_MS = 3_600_000;

/** After the lease was lost: waits beside other work until whoever goes on has settled these VMs, then removes what came too late. */
export function leaveOrphansBehind(context: OperationContext, asked: readonly AskedLaunch[]): void {
  if (asked.length === 0) {
    return;
  }
  const { environment, operation } = context;
  context.inBackground(async (signal) => {
    // The lease is not ours any more, and what is removed is only ours.
    const clouds = new CloudSession(environment, operation.credentials);
    const end = environment.now() + LONGEST_WAIT_MS;
    let open = asked;
    while (open.length > 0 && environment.now() < end) {
      await sleep(LOOK_MS, signal);
      try {
        open = await removeOrphans(environment, clouds, open, signal);
      } catch (error) {
        signal.throwIfAborted();
        environment.logger.warn(`Machines that came too late could not be looked for yet: ${errorText(error)}`);
      }
    }
  });
}

/**
 * Removes machines under tokens whose VMs are settled with another machine, or with none.
 * @returns those that are not settled yet
 */
export async function removeOrphans(
  { store, logger }: OperationEnvironment,
  clouds: CloudSession,
  asked: readonly AskedLaunch[],
  signal: AbortSignal,
): Promise<readonly AskedLaunch[]> {
  const [first] = asked;
  if (first === undefined) {
    return [];
  }
  const { infrastructureId } = first.resource;
  const present = new Map((await store.listResources(infrastructureId)).map((resource) => [resource.id, resource]));
  const open: AskedLaunch[] = [];
  const settled: AskedLaunch[] = [];
  for (const launch of asked) {
    (isOpen(launch, present.get(launch.resource.id)) ? open : settled).push(launch);
  }
  const [any] = settled;
  if (any === undefined) {
    return open;
  }
  const byToken = new Map(settled.map((launch) => [launch.token, launch]));
  const connector = clouds.connectorFor(any.vm.cloud);
  for (const { token, providerId } of await connector.findByToken(
    [...byToken.keys()],
    infrastructureId,
    signal,
    'whole-window',
    [any.vm.info],
  )) {
    const launch = byToken.get(token);
    if (launch !== undefined && present.get(launch.resource.id)?.providerId !== providerId) {
      logger.warn(`The machine ${providerId} came too late and is nobody's: it is removed.`, {
        infId: infrastructureId,
        vmId: launch.vm.number,
      });
      await connector.destroy(vmReference({ ...launch.vm, providerId }), signal);
    }
  }
  return open;
}

/** Somebody may still take over what is found under the token. */
function isOpen({ token }: AskedLaunch, present: Resource | undefined): boolean {
  return (
    present !== undefined &&
    present.token === token &&
    present.providerId === null &&
    (present.state === 'intent' || present.state === 'deleting')
  );
}
