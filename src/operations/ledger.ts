// SPDX-License-Identifier: Apache-2.0
// Writes the ledger around provider calls that create or delete something beside VMs (design/idempotency.md).
import type { CloudConnector, InheritedResource, ResourceRecorder } from '../connectors/index.js';
import { type CloudReference, cloudReference, errorText, type Resource } from '../domain/index.js';
import type { Store } from '../store/index.js';
import { createKeyedSemaphore } from '../util/keyed-semaphore.js';
import type { Committer } from './committer.js';

/** Ledger of one infrastructure. */
export class Ledger {
  readonly #infrastructureId: string;
  readonly #store: Store;
  readonly #committer: Committer;
  readonly #locks = createKeyedSemaphore(1);

  constructor(infrastructureId: string, store: Store, committer: Committer) {
    this.#infrastructureId = infrastructureId;
    this.#store = store;
    this.#committer = committer;
  }

  /** The recorder that one launch hands to its connector. */
  recorder(operationId: string, connector: CloudConnector, now: () => number, newId: () => string): ResourceRecorder {
    const cloud = cloudReference(connector.cloud);
    return {
      record: (resource, create, find) =>
        // One at a time per token: VMs of one launch share networks, and the second must find what the first made.
        this.#locks.run(`${cloud.id}\0${resource.token}`, async () => {
          const known = (
            await this.#store.listResources(this.#infrastructureId, { states: ['intent', 'created'] })
          ).find(
            ({ token, kind, cloud: owner }) =>
              token === resource.token && kind === resource.kind && owner.id === cloud.id,
          );
          if (known?.state === 'created' && known.providerId !== null) {
            return known.providerId;
          }
          const id = known?.id ?? newId();
          if (known === undefined) {
            await this.#committer.commit([
              {
                kind: 'insert-resource',
                resource: {
                  id,
                  infrastructureId: this.#infrastructureId,
                  operationId,
                  kind: resource.kind,
                  cloud,
                  vmNumber: resource.vmNumber,
                  token: resource.token,
                  providerId: null,
                  state: 'intent',
                  data: resource.data ?? {},
                  createdAt: now(),
                },
              },
            ]);
          }
          const providerId = (known === undefined ? undefined : await find?.()) ?? (await create());
          await this.#committer.commit([{ kind: 'update-resource', id, set: { state: 'created', providerId } }]);
          return providerId;
        }),
    };
  }

  /** Takes up what imported VMs of a cloud share and no ledger held; what is known already stays as it is. */
  async inherit(
    operationId: string,
    cloud: CloudReference,
    inherited: readonly InheritedResource[],
    now: () => number,
    newId: () => string,
  ): Promise<void> {
    if (inherited.length === 0) return;
    const known = await this.#store.listResources(this.#infrastructureId, {
      states: ['intent', 'created', 'deleting'],
    });
    const missing = inherited.filter(
      ({ kind, token }) =>
        !known.some((entry) => entry.kind === kind && entry.token === token && entry.cloud.id === cloud.id),
    );
    await this.#committer.commit(
      missing.map((resource) => ({
        kind: 'insert-resource',
        resource: {
          ...resource,
          id: newId(),
          infrastructureId: this.#infrastructureId,
          operationId,
          cloud,
          vmNumber: null,
          state: 'created',
          createdAt: now(),
        },
      })),
    );
  }

  /**
   * Deletes resources (not VMs) at the provider, last created first, and confirms it in the ledger. Goes on after a failure.
   * @returns texts of what could not be deleted
   */
  async destroy(
    resources: readonly Resource[],
    connectorFor: (resource: Resource) => CloudConnector,
    signal: AbortSignal,
  ): Promise<readonly string[]> {
    if (resources.length === 0) return [];
    const statuses = await this.#store.listVmStatuses(this.#infrastructureId);
    const living = new Set(statuses.flatMap(({ providerId }) => providerId ?? []));
    const failures: string[] = [];
    for (const resource of [...resources].reverse()) {
      try {
        const connector = connectorFor(resource);
        await this.#committer.commit([{ kind: 'update-resource', id: resource.id, set: { state: 'deleting' } }]);
        const providerId = resource.providerId ?? (await connector.findResource?.(resource, signal)) ?? null;
        if (providerId !== null) {
          await connector.destroyResource?.({ ...resource, providerId }, signal, living);
        }
        await this.#committer.commit([{ kind: 'update-resource', id: resource.id, set: { state: 'deleted' } }]);
      } catch (error) {
        signal.throwIfAborted();
        failures.push(
          `The ${resource.kind} ${resource.providerId ?? resource.token} could not be deleted: ${errorText(error)}`,
        );
      }
    }
    return failures;
  }
}
