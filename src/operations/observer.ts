// SPDX-License-Identifier: Apache-2.0
// Asks providers for the state of VMs, in one call per cloud, and writes down what changed.
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { CloudConnector, Observation } from '../connectors/index.js';
import { errorText, isFailedLaunch, type VirtualMachine } from '../domain/index.js';
import { type Radl, replaceDnsNames, serializeRadl } from '../radl/index.js';
import type { VmChanges } from '../store/index.js';
import { type CloudSession, isLaunched, vmReference } from './cloud-session.js';
import type { OperationEnvironment } from './environment.js';
import type { Workspace } from './workspace.js';

/** VMs whose observations are compared in one turn of the event loop. */
const RECORDED_AT_ONCE = 25;

type LaunchedVm = VirtualMachine & { readonly providerId: string };

/** Observes VMs of any infrastructure. */
export class Observer {
  readonly #environment: OperationEnvironment;

  constructor(environment: OperationEnvironment) {
    this.#environment = environment;
  }

  /**
   * Observes living, launched VMs of an infrastructure. Failures are written to the VMs (core.md §3.1.4), not thrown.
   * @param numbers which; absent: all
   */
  async observe(
    workspace: Workspace,
    clouds: CloudSession,
    signal: AbortSignal,
    numbers?: ReadonlySet<number>,
  ): Promise<void> {
    const vms = (await this.#environment.store.listVms(workspace.infrastructureId)).filter(
      (vm): vm is LaunchedVm =>
        isLaunched(vm) && !vm.isCreating && !vm.isDeleting && !isFailedLaunch(vm) && (numbers?.has(vm.number) ?? true),
    );
    const byCloud = new Map<string, LaunchedVm[]>();
    for (const vm of vms) {
      const group = byCloud.get(vm.cloud.id) ?? [];
      group.push(vm);
      byCloud.set(vm.cloud.id, group);
    }
    await Promise.all([...byCloud.values()].map((group) => this.#observeCloud(workspace, clouds, group, signal)));
  }

  async #observeCloud(
    workspace: Workspace,
    clouds: CloudSession,
    vms: readonly LaunchedVm[],
    signal: AbortSignal,
  ): Promise<void> {
    const revisions = new Map(vms.map((vm) => [vm.number, workspace.vms.revision(vm.number)]));
    const observations = new Map<number, Observation>();
    try {
      const first = vms[0];
      if (first === undefined) {
        return;
      }
      const connector: CloudConnector = clouds.connectorFor(first.cloud);
      for (const observation of await connector.observe(vms.map(vmReference), signal)) {
        observations.set(observation.number, observation);
      }
    } catch (error) {
      signal.throwIfAborted();
      this.#environment.logger.warn(`Error updating VM status: ${errorText(error)}`, {
        infId: workspace.infrastructureId,
      });
    }
    for (let first = 0; first < vms.length; first += RECORDED_AT_ONCE) {
      await Promise.all(
        vms.slice(first, first + RECORDED_AT_ONCE).map((vm) => {
          const observation = observations.get(vm.number) ?? {
            number: vm.number,
            ok: false as const,
            message: 'no answer',
          };
          return this.#record(workspace, vm, observation, revisions.get(vm.number) ?? 0);
        }),
      );
      // Comparing documents takes time that requests must not wait for.
      await nextTurn();
    }
  }

  async #record(workspace: Workspace, vm: LaunchedVm, observation: Observation, revision: number): Promise<void> {
    const { now } = this.#environment;
    if (!observation.ok) {
      if (!vm.isUpdateFailing) {
        await workspace.vms.set(vm.number, { isUpdateFailing: true });
      }
      return;
    }
    const info = this.#changedInfo(vm, observation.info);
    const isChanged =
      observation.cloudState !== vm.cloudState ||
      vm.isUpdateFailing ||
      info !== undefined ||
      observation.extra !== undefined ||
      (observation.reason ?? '') !== vm.errorMessage;
    const isStale = now() - vm.lastUpdate > this.#environment.settings.vmInfoUpdateErrorGracePeriodMs / 2;
    if (!isChanged && !isStale) {
      return;
    }
    const set: VmChanges = {
      cloudState: observation.cloudState,
      isUpdateFailing: false,
      lastUpdate: now(),
      ...(info !== undefined && { info }),
      ...(observation.extra !== undefined && { extra: observation.extra }),
      // A launched VM's message is the reason of its present state, and goes with it.
      errorMessage: observation.reason ?? '',
    };
    await workspace.vms.update(
      vm.number,
      // A VM that a destroy took meanwhile keeps what the destroy wrote.
      (present) => (present.isDeleting ? undefined : set),
      revision,
    );
  }

  /** The observed document with its host names filled in, when it differs from the stored one. */
  #changedInfo(vm: VirtualMachine, observed: Radl | undefined): Radl | undefined {
    if (observed === undefined) {
      return undefined;
    }
    const info = observed.clone();
    fillHostNames(info, vm, this.#environment.settings);
    return serializeRadl(info) === serializeRadl(vm.info) ? undefined : info;
  }
}

/** Replaces `#N#` in host names of a live document (core.md §13.3); serverless kinds have none. */
export function fillHostNames(
  info: Radl,
  vm: Pick<VirtualMachine, 'number' | 'requested' | 'cloud'>,
  defaults: { readonly defaultVmName: string; readonly defaultDomain: string },
): void {
  if (vm.cloud.type === 'Kubernetes' || vm.cloud.type === 'OSCAR' || vm.cloud.type === 'Lambda') {
    return;
  }
  replaceDnsNames(
    { info, requested: vm.requested, number: vm.number },
    { host: defaults.defaultVmName, domain: defaults.defaultDomain },
  );
}
