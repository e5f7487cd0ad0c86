// SPDX-License-Identifier: Apache-2.0
// One infrastructure in the lab, launched and removed through the connector as the daemon would.
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import type {
  CloudConnector,
  LaunchOutcome,
  LaunchRequest,
  Observation,
  VmReference,
} from '../../src/connectors/index.js';
import type { Radl } from '../../src/radl/index.js';
import {
  type Launched,
  launchAll,
  launchOk,
  launchRequest,
  type MemoryLedger,
  memoryLedger,
  never,
  vmReference,
} from '../connectors/support.js';
import { connectLab, type LabUser, leftoversOf, TENANT } from '../support/openstack-lab/lab.js';
import { until } from '../support/waiting.js';

/** See the top of the file. */
export class LabHouse {
  readonly id = randomUUID();
  readonly connector: CloudConnector;
  readonly ledger: MemoryLedger;
  readonly vms = new Map<number, VmReference>();
  readonly #who: LabUser;
  #next = 0;

  constructor(connector: CloudConnector = connectLab(), who: LabUser = TENANT) {
    this.connector = connector;
    this.ledger = memoryLedger(this.id, connector.cloud);
    this.#who = who;
  }

  /** A launch request for that many VMs with new numbers. */
  async request(radl: string, count = 1, connector = this.connector): Promise<LaunchRequest> {
    const numbers = Array.from({ length: count }, () => this.#next++);
    return launchRequest({ connector, radl, numbers, infrastructureId: this.id, resources: this.ledger });
  }

  /** Launches; all outcomes. */
  async tryLaunch(radl: string, count = 1): Promise<readonly LaunchOutcome[]> {
    const request = await this.request(radl, count);
    const outcomes = await launchAll(this.connector, request);
    for (const outcome of outcomes) if (outcome.ok) this.#keep(request, outcome);
    return outcomes;
  }

  /** Launches VMs that must succeed. */
  async launch(radl: string, count = 1): Promise<readonly VmReference[]> {
    const request = await this.request(radl, count);
    return (await launchOk(this.connector, request)).map((launched) => this.#keep(request, launched));
  }

  #keep(request: LaunchRequest, launched: Launched): VmReference {
    const vm = vmReference(request, launched);
    this.vms.set(vm.number, vm);
    return vm;
  }

  /** Observes all VMs and keeps what is new, as the daemon does. */
  async observe(): Promise<readonly Observation[]> {
    const observations = await this.connector.observe([...this.vms.values()], never);
    for (const seen of observations) {
      const vm = this.vms.get(seen.number);
      if (!seen.ok || vm === undefined) continue;
      this.vms.set(seen.number, {
        ...vm,
        cloudState: seen.cloudState,
        info: seen.info ?? vm.info,
        extra: seen.extra ?? vm.extra,
      });
    }
    return observations;
  }

  /** Observes until every VM runs. */
  async untilRunning(): Promise<void> {
    await until(
      async () => (await this.observe()).every((seen) => seen.ok && seen.cloudState === 'running'),
      'the machines to run',
      300_000,
    );
  }

  /** The live document of a VM. */
  info(number = 0): Radl {
    return this.vms.get(number)!.info;
  }

  /** A feature of a VM as text. */
  feature(name: string, number = 0): string | undefined {
    return this.info(number).systems[0]!.features.getText(name);
  }

  /** Removes one VM, and what only it used. */
  async remove(number: number): Promise<void> {
    await this.connector.destroy(this.vms.get(number)!, never);
    this.vms.delete(number);
    await this.#removeResources((vmNumber) => vmNumber === number);
  }

  async #removeResources(isUnused: (vmNumber: number | null) => boolean): Promise<void> {
    for (const resource of [...this.ledger.resources].reverse()) {
      if (!isUnused(resource.vmNumber)) continue;
      await this.connector.destroyResource!(resource, never);
      this.ledger.resources.splice(this.ledger.resources.indexOf(resource), 1);
    }
  }

  /** Removes what a launch that failed as a whole left in the ledger, as the daemon does at its end. */
  async rollBack(before: readonly string[] = []): Promise<void> {
    for (const resource of [...this.ledger.resources].reverse()) {
      if (before.includes(resource.token)) continue;
      const providerId = resource.providerId ?? (await this.connector.findResource!(resource, never)) ?? null;
      if (providerId !== null) await this.connector.destroyResource!({ ...resource, providerId }, never);
      this.ledger.resources.splice(this.ledger.resources.indexOf(resource), 1);
    }
  }

  /** Everything goes; nothing may be left. */
  async demolish(): Promise<void> {
    for (const number of this.vms.keys()) await this.connector.destroy(this.vms.get(number)!, never);
    this.vms.clear();
    await this.rollBack();
    expect(await leftoversOf(this.id, this.#who)).to.deep.equal([]);
  }
}
