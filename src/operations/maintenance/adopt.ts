// SPDX-License-Identifier: Apache-2.0
// Takes a machine that a provider has already into an infrastructure: the rows that a launch would have left. Nothing is done to it.
import {
  badRequest,
  type CloudReference,
  type CloudState,
  ImError,
  infrastructureNotFound,
  type VirtualMachine,
} from '../../domain/index.js';
import type { Radl } from '../../radl/index.js';
import type { Change, Store } from '../../store/index.js';
import { vmDocument } from '../launch/vm-document.js';
import { logLine } from '../log-line.js';

/** The machine to take over. */
export interface Adoption {
  readonly infrastructureId: string;
  /** System of the infrastructure's document that it is one of. */
  readonly systemName: string;
  readonly cloud: CloudReference;
  readonly providerId: string;
  /** What the provider says of it, when it was asked. */
  readonly observed?: { readonly cloudState: CloudState; readonly info?: Radl };
  /** User name for the journal. */
  readonly by: string;
  readonly now: number;
  readonly newId: () => string;
}

/** What taking over writes. */
export interface AdoptionPlan {
  readonly number: number;
  readonly changes: readonly Change[];
}

/**
 * Checks an adoption and says what it writes, to be committed under the lease of the infrastructure.
 * @throws ImError `infrastructure-not-found`; `bad-request` for an unknown system; `incorrect-state` for a machine that another row has
 */
export async function planAdoption(store: Store, adoption: Adoption): Promise<AdoptionPlan> {
  const { infrastructureId, systemName, cloud, providerId, observed, now, newId } = adoption;
  const infrastructure = await store.getInfrastructure(infrastructureId);
  if (infrastructure === undefined || infrastructure.isDeleted) {
    throw infrastructureNotFound();
  }
  if (infrastructure.isDestroying) {
    throw new ImError('incorrect-state', `Infrastructure ${infrastructureId} is being destroyed: it takes no machine.`);
  }
  const system = infrastructure.radl.getSystem(systemName);
  if (system === undefined) {
    const known = infrastructure.radl.systems.map(({ name }) => name).join(', ');
    throw badRequest(`The infrastructure has no system '${systemName}': use one of its own (${known}).`);
  }
  const released = await releaseElsewhere(store, adoption);
  const number = infrastructure.nextVmNumber;
  const operationId = newId();
  const requested = vmDocument(infrastructure.radl, system);
  const vm: VirtualMachine = {
    infrastructureId,
    number,
    providerId,
    cloud,
    cloudState: observed?.cloudState ?? 'pending',
    // Nobody has configured it yet: a reconfigure does.
    configured: false,
    isDeleting: false,
    isCreating: false,
    isDestroyed: false,
    isUpdateFailing: false,
    lastUpdate: now,
    createdAt: now,
    info: observed?.info ?? requested.clone(),
    requested,
    systemName,
    errorMessage: '',
    operationId,
    extra: {},
  };
  const text = `VM ${number} is the machine ${providerId} of cloud ${cloud.id}, taken over by ${adoption.by}. Reconfigure to configure it.`;
  return {
    number,
    changes: [
      ...released,
      { kind: 'update-infrastructure', id: infrastructureId, set: { nextVmNumber: number + 1 } },
      { kind: 'insert-vm', vm },
      {
        kind: 'insert-operation',
        operation: {
          id: operationId,
          infrastructureId,
          kind: 'add',
          state: 'done',
          caller: adoption.by,
          request: { adopted: providerId },
          credentials: [],
          progress: {},
          result: { vmNumbers: [number] },
          error: null,
          createdAt: now,
          startedAt: now,
          finishedAt: now,
        },
      },
      {
        kind: 'insert-resource',
        resource: {
          id: newId(),
          infrastructureId,
          operationId,
          kind: 'vm',
          cloud,
          vmNumber: number,
          token: `adopted-${providerId}`,
          providerId,
          state: 'created',
          data: {},
          createdAt: now,
        },
      },
      { kind: 'append-log', infrastructureId, vm: null, text: logLine(text, now) },
    ],
  };
}

/**
 * The machine must be nobody's: entries of infrastructures that gave it up are closed, since it is looked after again.
 * @throws ImError `incorrect-state` when a living infrastructure has it
 */
async function releaseElsewhere(store: Store, { cloud, providerId }: Adoption): Promise<readonly Change[]> {
  const changes: Change[] = [];
  const states = ['intent', 'created', 'deleting', 'abandoned'] as const;
  for (const owner of await store.listInfrastructuresWithResources(states)) {
    for (const entry of await store.listResources(owner, { states })) {
      if (entry.kind !== 'vm' || entry.providerId !== providerId || entry.cloud.type !== cloud.type) continue;
      const isLiving = (await store.getHeader(owner))?.isDeleted === false;
      if (isLiving && entry.state !== 'abandoned') {
        throw new ImError(
          'incorrect-state',
          `The machine ${providerId} is VM ${entry.vmNumber} of infrastructure ${owner}: it can belong to one only.`,
        );
      }
      changes.push({ kind: 'update-resource', id: entry.id, set: { state: 'deleted' } });
    }
  }
  return changes;
}
