// SPDX-License-Identifier: Apache-2.0
// Launches the VMs of one unit: adopt what a crash left behind, launch the rest, try again what failed (core.md §12).
import type { CloudConnector, LaunchOutcome } from '../../connectors/index.js';
import { errorText, type VirtualMachine } from '../../domain/index.js';
import { credentials } from '../../radl/index.js';
import { sleep } from '../../util/deadline.js';
import type { OperationContext } from '../context.js';
import { tellToCallHome } from './call-home.js';
import { type AskedLaunch, leaveOrphansBehind, removeOrphans } from './orphans.js';
import { askedLaunch, type LaunchShared, launchRequest, type PendingVm, token } from './pending-vm.js';
import { attemptTexts, recordFailed, recordLaunched } from './record-outcome.js';
import type { UnitRecord } from './request.js';

/** Takes the outcome of one VM. */
type Settle = (outcome: LaunchOutcome, connector: CloudConnector) => void;

/** Runs until every VM of the unit is launched or has failed for good; each end is committed as soon as it is known. */
export async function launchUnit(context: OperationContext, shared: LaunchShared, unit: UnitRecord): Promise<void> {
  const { vms, resources } = shared;
  const pending = new Map<number, PendingVm>();
  for (const number of unit.numbers) {
    const vm = vms.get(number);
    const resource = resources.get(number);
    if (vm?.isCreating && resource !== undefined) {
      pending.set(number, {
        vm,
        resource,
        generation: Number(resource.data.generation ?? 1),
        failures: [],
        mayExist: context.isResumed,
      });
    }
  }
  const first = [...pending.values()][0];
  if (first === undefined) {
    return;
  }
  const commits: Promise<void>[] = [];
  const settle: Settle = (outcome, connector) => {
    const entry = pending.get(outcome.number);
    if (entry === undefined) {
      return;
    }
    if (outcome.ok) {
      pending.delete(outcome.number);
      commits.push(recordLaunched(context, entry, outcome, connector));
    } else {
      entry.failures.push(outcome.message);
      entry.mayExist = outcome.mayExist === true;
    }
  };

  const problem = preconditionProblem(first.vm, unit);
  const asked: AskedLaunch[] = context.isResumed ? [...pending.values()].map(askedLaunch) : [];
  const work = async (): Promise<void> => {
    if (problem === undefined) {
      await launchPending(context, shared, first.vm, pending, settle, asked);
    }
    for (const entry of pending.values()) {
      commits.push(recordFailed(context, entry, problem ?? attemptTexts(entry.failures)));
    }
  };
  try {
    // What is known is written down even when the launch is interrupted.
    await work().finally(() => Promise.allSettled(commits));
    await Promise.all(commits);
  } catch (error) {
    if (context.hasLostLease()) {
      leaveOrphansBehind(context, asked);
    }
    throw error;
  }
  if (context.isResumed) {
    await removeDuplicates(context, asked);
  }
}

/** A call from before the interruption may have arrived at the provider after it was asked for its machines. */
async function removeDuplicates(context: OperationContext, asked: readonly AskedLaunch[]): Promise<void> {
  try {
    await removeOrphans(context.environment, context.clouds, asked, context.signal);
  } catch (error) {
    context.signal.throwIfAborted();
    context.environment.logger.warn(
      `Duplicates of an interrupted launch could not be looked for: ${errorText(error)}`,
      {
        infId: context.operation.infrastructureId,
      },
    );
  }
}

/** Adoption and attempts; a failure that is not one VM's counts for all that are still pending. */
async function launchPending(
  context: OperationContext,
  shared: LaunchShared,
  first: VirtualMachine,
  pending: ReadonlyMap<number, PendingVm>,
  settle: Settle,
  asked: AskedLaunch[],
): Promise<void> {
  try {
    const connector = context.clouds.connectorFor(first.cloud);
    await attempts(context, shared, connector, pending, settle, asked);
  } catch (error) {
    context.signal.throwIfAborted();
    for (const entry of pending.values()) {
      entry.failures.push(`Error: ${errorText(error)}`);
    }
  }
}

/** Failures that need no call (core.md §12.2). */
function preconditionProblem(vm: VirtualMachine, unit: UnitRecord): string | undefined {
  if (vm.errorMessage !== '') {
    return vm.errorMessage;
  }
  const system = vm.info.systems[0];
  if (system === undefined || credentials(system).username === undefined) {
    return `No username for deploy: ${unit.systemName}`;
  }
  return undefined;
}

/** After a crash or a lost answer: VMs that the provider has under our tokens are taken over instead of launched again. */
async function adoptFound(
  context: OperationContext,
  shared: LaunchShared,
  connector: CloudConnector,
  pending: ReadonlyMap<number, PendingVm>,
  settle: Settle,
): Promise<void> {
  const byToken = new Map([...pending.values()].map((entry) => [token(entry), entry]));
  // Where the provider itself refuses a second VM of a token, what it does not show yet is found by the create call.
  const patience = connector.capabilities.has('idempotent-launch') ? 'one-look' : 'whole-window';
  const documents = [...pending.values()].slice(0, 1).map(({ vm }) => vm.info);
  const found = await connector.findByToken(
    [...byToken.keys()],
    shared.infrastructure.id,
    context.signal,
    patience,
    documents,
  );
  for (const vm of found) {
    const entry = byToken.get(vm.token);
    if (entry !== undefined) {
      const request = launchRequest(context, shared, connector, [entry]);
      await context.log(`VM ${entry.vm.number} was found at the provider after an interruption and is taken over.`);
      settle(await connector.adopt(request, vm), connector);
    }
  }
}

async function attempts(
  context: OperationContext,
  shared: LaunchShared,
  connector: CloudConnector,
  pending: ReadonlyMap<number, PendingVm>,
  settle: Settle,
  launched: AskedLaunch[],
): Promise<void> {
  const { maxVmFails, delayBetweenVmRetriesMs } = context.environment.settings;
  for (let attempt = 1; attempt <= maxVmFails && pending.size > 0; attempt += 1) {
    if (attempt > 1) {
      await sleep(delayBetweenVmRetriesMs, context.signal);
      await nextGeneration(
        context,
        [...pending.values()].filter(({ mayExist }) => !mayExist),
      );
    }
    const asked = [...pending.values()];
    await tellToCallHome(context, shared.infrastructure, connector, asked);
    const before = new Map(asked.map((entry) => [entry, entry.failures.length]));
    try {
      await context.limits.run(connector.cloud.id, context.signal, async () => {
        const uncertain = new Map([...pending].filter(([, { mayExist }]) => mayExist));
        if (uncertain.size > 0) {
          await adoptFound(context, shared, connector, uncertain, settle);
        }
        const missing = asked.filter(({ vm }) => pending.has(vm.number));
        if (missing.length === 0) {
          return;
        }
        launched.push(...missing.map(askedLaunch));
        for await (const outcome of connector.launch(launchRequest(context, shared, connector, missing))) {
          settle(outcome, connector);
        }
      });
    } catch (error) {
      context.signal.throwIfAborted();
      for (const entry of asked) {
        if (pending.has(entry.vm.number) && entry.failures.length === before.get(entry)) {
          entry.failures.push(`Error: ${errorText(error)}`);
          entry.mayExist = true;
        }
      }
    }
    // What was cut off did not fail: a parked launch goes on later, and a cancelled one ends with its infrastructure.
    context.signal.throwIfAborted();
    for (const entry of asked) {
      // A connector that answers for fewer VMs than it was asked for (bug C8 of the reference) has failed for the others.
      if (pending.has(entry.vm.number) && entry.failures.length === before.get(entry)) {
        entry.failures.push('Error: the connector gave no result for this VM');
      }
    }
  }
}

/** A new try is a new launch for the provider: its token must differ, and be known before the call. */
async function nextGeneration(context: OperationContext, entries: readonly PendingVm[]): Promise<void> {
  for (const entry of entries) {
    entry.generation += 1;
  }
  await context.workspace.committer.commit(
    entries.map((entry) => ({
      kind: 'update-resource',
      id: entry.resource.id,
      set: { token: token(entry), data: { ...entry.resource.data, generation: entry.generation } },
    })),
  );
}
