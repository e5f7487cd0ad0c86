// SPDX-License-Identifier: Apache-2.0
// The story of create and add: place, launch, and hand over to the configuration (core.md §6, §12, §14).
import {
  badRequest,
  errorText,
  ImError,
  type Infrastructure,
  infrastructureNotFound,
  type VirtualMachine,
} from '../../domain/index.js';
import { RadlError } from '../../radl/index.js';
import type { Change } from '../../store/index.js';
import { configureOperation, resetForConfiguration } from '../configure/trigger.js';
import type { OperationContext, OperationOutcome } from '../context.js';
import { logLine } from '../log-line.js';
import { launchUnit } from './launch-unit.js';
import { prepareLaunch } from './prepare.js';
import { decodeLaunchRequest, decodeUnits, type UnitRecord } from './request.js';
import { PartsBySystem } from './vm-document.js';

/** Runs a create or an add; resumes one that was interrupted. */
export async function launch(context: OperationContext): Promise<OperationOutcome> {
  const { environment, operation, workspace } = context;
  const infrastructure = await environment.store.getInfrastructure(operation.infrastructureId);
  if (infrastructure === undefined) {
    return { ok: false, error: infrastructureNotFound() };
  }
  let units = decodeUnits(operation.progress);
  let current = infrastructure;
  if (units === undefined) {
    try {
      units = await prepareLaunch(context, infrastructure);
    } catch (error) {
      context.signal.throwIfAborted();
      return placementFailed(context, infrastructure, error);
    }
    current = (await environment.store.getInfrastructure(infrastructure.id)) ?? infrastructure;
  }
  if (units.length === 0) {
    return nothingToLaunch(context, current);
  }
  await launchAll(context, current, units);

  const numbers = units.flatMap((unit) => unit.numbers).sort((a, b) => a - b);
  const mine = new Set(numbers);
  const living = await environment.store.listVms(infrastructure.id);
  const launched = living.filter((vm) => mine.has(vm.number));
  const failed = launched.filter((vm) => vm.providerId === null);
  if (failed.length === launched.length) {
    return allFailed(context, current, launched, living.length - launched.length);
  }
  const { isContextualized } = decodeLaunchRequest(operation);
  environment.logger.info(`${launched.length - failed.length} VMs launched.`, {
    infId: infrastructure.id,
    opId: operation.id,
  });
  return {
    ok: true,
    result: { vmNumbers: numbers },
    ...(isContextualized && {
      changes: resetForConfiguration(workspace.infrastructureId, living),
      next: configureOperation(operation, { isAddition: operation.kind === 'add' }),
    }),
  };
}

/** All units beside each other; the limits bound how many calls run at once. */
async function launchAll(
  context: OperationContext,
  infrastructure: Infrastructure,
  units: readonly UnitRecord[],
): Promise<void> {
  const { store } = context.environment;
  const vms = new Map((await store.listVms(infrastructure.id)).map((vm) => [vm.number, vm]));
  const resources = new Map(
    (await store.listResources(infrastructure.id, { operationId: context.operation.id, states: ['intent'] }))
      .filter(({ kind }) => kind === 'vm')
      .map((resource) => [resource.vmNumber ?? -1, resource]),
  );
  const parts = new PartsBySystem(infrastructure.radl);
  const results = await Promise.allSettled(
    units.map((unit) => launchUnit(context, { infrastructure, parts, vms, resources }, unit)),
  );
  context.signal.throwIfAborted();
  for (const result of results) {
    if (result.status === 'rejected') {
      throw result.reason;
    }
  }
}

/** A document that cannot be placed: an add leaves the infrastructure's state alone, a create has failed (spec/README.md). */
function placementFailed(context: OperationContext, infrastructure: Infrastructure, error: unknown): OperationOutcome {
  const { environment, operation } = context;
  const failure = error instanceof ImError ? error : badRequest(errorText(error), { cause: error });
  const prefix = error instanceof RadlError ? 'Error parsing RADL: ' : '';
  const changes: Change[] = [
    {
      kind: 'append-log',
      infrastructureId: infrastructure.id,
      vm: null,
      text: logLine(`${prefix}${failure.message}`, environment.now()),
    },
  ];
  if (operation.kind === 'create') {
    changes.push({ kind: 'update-infrastructure', id: infrastructure.id, set: failedCreate(context) });
  }
  return { ok: false, error: failure, changes };
}

/** A create that nobody can see the result of leaves nothing; an asynchronous one stays as `failed` until it is deleted (core.md §14). */
function failedCreate({ operation }: OperationContext): { readonly configured: false } | { readonly isDeleted: true } {
  return decodeLaunchRequest(operation).isAsync ? { configured: false } : { isDeleted: true };
}

function nothingToLaunch({ environment }: OperationContext, infrastructure: Infrastructure): OperationOutcome {
  return {
    ok: true,
    result: { vmNumbers: [] },
    changes: [
      {
        kind: 'append-log',
        infrastructureId: infrastructure.id,
        vm: null,
        text: logLine('Infrastructure without any deploy. Exiting.', environment.now()),
      },
      ...(infrastructure.configured === null
        ? [{ kind: 'update-infrastructure' as const, id: infrastructure.id, set: { configured: false } }]
        : []),
    ],
  };
}

/** Every VM of the request failed: they go, with what this operation made for them; older VMs are not touched (core.md §12.5). */
async function allFailed(
  context: OperationContext,
  infrastructure: Infrastructure,
  vms: readonly VirtualMachine[],
  others: number,
): Promise<OperationOutcome> {
  const { environment, operation, workspace } = context;
  const registered = await environment.store.listResources(infrastructure.id, {
    operationId: operation.id,
    states: ['intent', 'created', 'deleting'],
  });
  // What it only found is used by older VMs, and goes with the last of them.
  const made = registered.filter(({ data }) => data.existed !== true);
  // Their provider could not be asked whether it made them: they and what they may be using stay for a destroy to look after.
  const uncertain = new Set(made.filter(({ kind }) => kind === 'vm').map(({ vmNumber }) => vmNumber));
  const problems =
    uncertain.size > 0
      ? ['Not all of them are known to be absent at their provider. Delete the infrastructure to have them looked for.']
      : await workspace.ledger.destroy(made, (resource) => context.clouds.connectorFor(resource.cloud), context.signal);
  const messages = vms.map((vm) => `${vm.errorMessage}\n`).join('');
  const changes: Change[] = vms
    .filter(({ number }) => !uncertain.has(number))
    .map((vm) => ({
      kind: 'update-vm',
      infrastructureId: infrastructure.id,
      number: vm.number,
      set: { isDestroyed: true },
    }));
  const lines = ['All VMs failed. No contextualize.', messages, ...problems];
  changes.push({
    kind: 'append-log',
    infrastructureId: infrastructure.id,
    vm: null,
    text: lines.map((line) => logLine(line, environment.now())).join(''),
  });
  if (operation.kind === 'create' && problems.length === 0) {
    changes.push({ kind: 'update-infrastructure', id: infrastructure.id, set: failedCreate(context) });
  } else if (others === 0) {
    changes.push({ kind: 'update-infrastructure', id: infrastructure.id, set: { configured: false } });
  }
  return { ok: false, error: badRequest(`Error adding VMs: ${messages}`), changes };
}
