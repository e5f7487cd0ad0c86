// SPDX-License-Identifier: Apache-2.0
// Use cases in memory for the tests of both APIs: real credentials check, real RADL, machines that are only remembered.
import { createAuthenticator } from '../../src/auth/index.js';
import {
  accessNotGranted,
  badRequest,
  type Caller,
  functionDisabled,
  ImError,
  infrastructureNotFound,
  isGranted,
  type Owner,
  type VmState,
  vmDeleted,
  vmNotFound,
} from '../../src/domain/index.js';
import type { Call, DeploymentDocument, InfrastructureManager, ManagerEvent } from '../../src/manager/manager.js';
import { checkRadl, Features, printRadl, Radl } from '../../src/radl/index.js';
import { silentLogger } from '../../src/util/logger.js';

interface FakeVm {
  readonly info: Radl;
  state: VmState;
  isDeleted: boolean;
}

interface FakeInfrastructure {
  readonly id: string;
  readonly owners: Owner[];
  radl: Radl;
  readonly vms: FakeVm[];
}

/** A fake and what tests look at or change. */
export interface FakeManager extends InfrastructureManager {
  /** Names of the use cases that were called, in order. */
  readonly calls: string[];
  /** The latest call. */
  lastCall?: Call;
  /** Arguments of the latest call. */
  lastArguments: readonly unknown[];
  /** Changing calls are refused. */
  isReadOnly: boolean;
  /** Every use case waits for this first. */
  gate: Promise<void>;
  /** What who follows gets. */
  events(call: Call): AsyncIterable<ManagerEvent>;
  /** Every use case fails with this. */
  failure?: unknown;
}

/** What nobody but u1 may see: a fixed system for property tests. */
export function sampleSystem(): Features {
  const features = Features.of();
  features.setInteger('cpu.count', 1);
  features.setNumber('cpu.performance', 1.5);
  features.setInteger('memory.size', 4_000_000_000);
  features.setText('net_interface.0.ip', '10.0.0.1');
  features.setText('net_interface.0.additional_ips', ['a', 'b']);
  const application = Features.of();
  application.setText('name', 'app1');
  application.setText('version', '1.0');
  features.addContained('disk.0.applications', application);
  return features;
}

/** Makes a fake; ids count up from `inf-1`. */
export function createFakeManager(): FakeManager {
  const infrastructures = new Map<string, FakeInfrastructure>();
  const authenticator = createAuthenticator({
    config: { userDb: '', adminUsers: [{ username: 'boss', password: 'b0ss' }], forceOidcAuth: false, oidcIssuers: [] },
    now: () => 0,
    logger: silentLogger,
    readFile: () => Promise.reject(new Error('there is no user file')),
    stat: () => Promise.reject(new Error('there is no user file')),
  });
  let lastId = 0;

  const enter = async (name: string, call: Call, isChange: boolean, ...rest: readonly unknown[]): Promise<Caller> => {
    fake.calls.push(name);
    fake.lastCall = call;
    fake.lastArguments = rest;
    await fake.gate;
    if (fake.failure !== undefined) throw fake.failure;
    if (isChange && fake.isReadOnly) throw functionDisabled();
    return authenticator.authenticate(call.items);
  };

  const find = (caller: Caller, id: string): FakeInfrastructure => {
    const infrastructure = infrastructures.get(id);
    if (!infrastructure) throw infrastructureNotFound();
    if (!isGranted(caller, infrastructure.owners)) throw accessNotGranted();
    return infrastructure;
  };

  const findVm = (infrastructure: FakeInfrastructure, vmId: string | number): FakeVm => {
    const vm = /^\d+$/.test(String(vmId)) ? infrastructure.vms[Number(vmId)] : undefined;
    if (!vm) throw vmNotFound();
    if (vm.isDeleted) throw vmDeleted();
    return vm;
  };

  const launch = (infrastructure: FakeInfrastructure, document: Radl): number[] => {
    const first = infrastructure.vms.length;
    for (const deploy of document.deploys) {
      for (let i = 0; i < deploy.count; i += 1) {
        const info = Radl.empty();
        info.add({ kind: 'system', name: deploy.system, features: sampleSystem(), isReference: false });
        infrastructure.vms.push({ info, state: 'configured', isDeleted: false });
      }
    }
    return infrastructure.vms.map((_, number) => number).slice(first);
  };

  const living = (infrastructure: FakeInfrastructure): number[] =>
    infrastructure.vms.flatMap((vm, number) => (vm.isDeleted ? [] : [number]));

  const setStates = async (
    name: string,
    call: Call,
    id: string,
    state: VmState,
    vmId?: string | number,
  ): Promise<void> => {
    const infrastructure = find(await enter(name, call, true, vmId), id);
    const vms = vmId === undefined ? infrastructure.vms.filter((vm) => !vm.isDeleted) : [findVm(infrastructure, vmId)];
    for (const vm of vms) vm.state = state;
  };

  /** The fake only knows RADL. */
  const radlOf = (document: DeploymentDocument): Radl => {
    if (!(document instanceof Radl)) throw new ImError('invalid-document', 'Error parsing TOSCA template: not here');
    return document;
  };

  const fake: FakeManager = {
    calls: [],
    lastArguments: [],
    isReadOnly: false,
    gate: Promise.resolve(),

    version: () => '3.0.0',
    listInfrastructures: async (call, filter) => {
      const caller = await enter('listInfrastructures', call, false, filter);
      return [...infrastructures.values()]
        .filter((infrastructure) => isGranted(caller, infrastructure.owners))
        .filter((infrastructure) => filter === undefined || new RegExp(filter).test(printRadl(infrastructure.radl)))
        .map((infrastructure) => infrastructure.id)
        .reverse();
    },
    listInfrastructurePage: async (call, { filter, limit, after }) => {
      const ids = await fake.listInfrastructures(call, filter);
      const start = after === undefined ? 0 : ids.indexOf(after) + 1;
      const page = ids.slice(start, start + limit);
      const last = page.at(-1);
      return last === undefined || start + limit >= ids.length ? { ids: page } : { ids: page, next: last };
    },
    createInfrastructure: async (call, deployment, options) => {
      const document = radlOf(deployment);
      const caller = await enter('createInfrastructure', call, true, options);
      checkRadl(document);
      if (document.deploys.length > 0 && caller.clouds.length === 0) throw badRequest('No cloud provider available');
      lastId += 1;
      const id = `inf-${lastId}`;
      const infrastructure = { id, owners: [...caller.owners], radl: document, vms: [] };
      infrastructures.set(id, infrastructure);
      launch(infrastructure, document);
      return { infrastructureId: id };
    },
    listVms: async (call, id) => living(find(await enter('listVms', call, false), id)),
    infrastructureState: async (call, id) => {
      const infrastructure = find(await enter('infrastructureState', call, false), id);
      const numbers = living(infrastructure);
      const vmStates = new Map(
        numbers.map((number) => [number, infrastructure.vms[number]?.state ?? 'unknown'] as const),
      );
      return { state: numbers.length === 0 ? 'failed' : 'configured', vmStates };
    },
    infrastructureRadl: async (call, id) => find(await enter('infrastructureRadl', call, false), id).radl,
    infrastructureTosca: async (call, id) => {
      find(await enter('infrastructureTosca', call, false), id);
      throw new ImError('not-from-tosca', "'tosca' infrastructure property is not valid in this infrastructure");
    },
    infrastructureOutputs: async (call, id) => {
      find(await enter('infrastructureOutputs', call, false), id);
      throw new ImError('not-from-tosca', "'outputs' infrastructure property is not valid in this infrastructure");
    },
    infrastructureContMsg: async (call, id, isHeaderOnly) => {
      find(await enter('infrastructureContMsg', call, false, isHeaderOnly), id);
      return isHeaderOnly ? 'head\n' : `head\nVM 0:\nbell \u0007 & <tag> ]]> é\n${'*'.repeat(75)}\n`;
    },
    infrastructureFailures: async (call, id) => {
      find(await enter('infrastructureFailures', call, false), id);
      const failure = { phase: 'step', step: 4, vm: 0, task: 'front_front', lines: ['non-zero return code'] } as const;
      return { state: 'unconfigured', failures: [failure], leftOut: 0 };
    },
    failureBundle: async (call, id) => {
      find(await enter('failureBundle', call, false), id);
      return { format: 1, infrastructure: id, failures: [] };
    },
    listOperations: async (call, id, limit) => {
      find(await enter('listOperations', call, false, limit), id);
      return [{ id: 'op', kind: 'create', state: 'done', caller: 'u1', createdAt: 0, startedAt: 1, finishedAt: 2 }];
    },
    explainedState: async (call, id) => {
      const { state, vmStates } = await fake.infrastructureState(call, id);
      return { state, vmStates, vmReasons: new Map([[0, 'Because.']]), reason: 'It is so.' };
    },
    getOperation: async (call, id, operationId) => {
      const [operation] = await fake.listOperations(call, id, 1);
      fake.calls.push('getOperation');
      if (operation?.id !== operationId) throw new ImError('not-found', 'Operation not found in this infrastructure.');
      return operation;
    },
    cancelOperation: async (call, id, operationId) => {
      find(await enter('cancelOperation', call, true, operationId), id);
      return fake.getOperation(call, id, operationId);
    },
    listRevisions: async (call, id) => {
      find(await enter('listRevisions', call, false), id);
      return [{ number: 1, kind: 'radl', operationId: 'op', createdAt: 0 }];
    },
    getRevision: async (call, id, number) => {
      find(await enter('getRevision', call, false, number), id);
      if (number !== 1) throw new ImError('not-found', 'There is no such revision.');
      return { number, kind: 'radl', operationId: 'op', createdAt: 0, text: 'system s ()' };
    },
    restoreRevision: async (call, id, number, options) => {
      find(await enter('restoreRevision', call, true, number, options), id);
      return { added: new Map([['node', 2]]), removed: [4], isReconfigured: true };
    },
    setDesiredState: async (call, id, desiredState, options) => {
      find(await enter('setDesiredState', call, true, desiredState, options), id);
      return { changed: [0], unchanged: [1], ...(!options.isDryRun && { operationId: 'op' }) };
    },
    followInfrastructure: async (call, id, after) => {
      find(await enter('followInfrastructure', call, false, after), id);
      return fake.events(call);
    },
    followInfrastructures: async (call, after) => {
      await enter('followInfrastructures', call, false, after);
      return fake.events(call);
    },
    adoptVm: async (call, id, machine) => {
      find(await enter('adoptVm', call, true, machine), id);
      return 7;
    },
    leftovers: async (call) => {
      await enter('leftovers', call, false);
      return [];
    },
    sweepLeftovers: async (call, deleted) => {
      await enter('sweepLeftovers', call, deleted.length > 0, deleted);
      return { orphans: [], marked: 0, problems: [] };
    },
    events: async function* () {
      yield { id: '1', name: 'state', data: { state: 'configured' } };
    },
    addResources: async (call, id, document, options) => {
      const infrastructure = find(await enter('addResources', call, true, options), id);
      return { vmNumbers: launch(infrastructure, radlOf(document)) };
    },
    removeResources: async (call, id, vmIds, options) => {
      const infrastructure = find(await enter('removeResources', call, true, vmIds, options), id);
      const vms = vmIds.map((vmId) => findVm(infrastructure, vmId));
      for (const vm of vms) vm.isDeleted = true;
      return vms.length;
    },
    destroyInfrastructure: async (call, id, options) => {
      find(await enter('destroyInfrastructure', call, true, options), id);
      infrastructures.delete(id);
    },
    startInfrastructure: (call, id) => setStates('startInfrastructure', call, id, 'configured'),
    stopInfrastructure: (call, id) => setStates('stopInfrastructure', call, id, 'stopped'),
    reconfigure: async (call, id, document, vmList) => {
      find(await enter('reconfigure', call, true, document, vmList), id);
    },
    vmInfo: async (call, id, vmId) => findVm(find(await enter('vmInfo', call, false, vmId), id), vmId).info,
    vmProperty: async (call, id, vmId, property) => {
      const vm = findVm(find(await enter('vmProperty', call, false, vmId, property), id), vmId);
      if (property === 'state') return vm.state;
      const features = vm.info.systems[0]?.features ?? Features.of();
      const group = features.getContained(property);
      return group.size > 0 ? group : features.getValue(property);
    },
    vmCommand: async (call, id, vmId, step) => {
      const infrastructure = find(await enter('vmCommand', call, false, vmId, step), id);
      if (step === 2) return 'wait';
      findVm(infrastructure, vmId);
      return step === 1 ? `script of ${vmId}` : undefined;
    },
    vmContMsg: async (call, id, vmId) => {
      findVm(find(await enter('vmContMsg', call, false, vmId), id), vmId);
      return '';
    },
    alterVm: async (call, id, vmId, document) => {
      const vm = findVm(find(await enter('alterVm', call, true, vmId, document), id), vmId);
      const system = radlOf(document).systems[0];
      if (system) vm.info.systems[0]?.features.apply(system.features, { conflict: 'other', missing: 'other' });
      return vm.info;
    },
    startVm: (call, id, vmId) => setStates('startVm', call, id, 'configured', vmId),
    stopVm: (call, id, vmId) => setStates('stopVm', call, id, 'stopped', vmId),
    rebootVm: (call, id, vmId) => setStates('rebootVm', call, id, 'configured', vmId),
    createSnapshot: async (call, id, vmId, disk, imageName, isAutoDelete) => {
      findVm(find(await enter('createSnapshot', call, true, vmId, disk, imageName, isAutoDelete), id), vmId);
      return `mock0://linux.for.ev.er/${imageName}`;
    },
    owners: async (call, id) => find(await enter('owners', call, false), id).owners.map((owner) => owner.username),
    changeOwners: async (call, id, newItems, options) => {
      const infrastructure = find(await enter('changeOwners', call, true, newItems, options), id);
      try {
        const { owners } = await authenticator.authenticate(newItems);
        if (options.isOverwrite) infrastructure.owners.length = 0;
        infrastructure.owners.push(...owners);
      } catch (error) {
        throw badRequest(`Invalid new infrastructure data provided: ${error instanceof Error ? error.message : ''}`);
      }
    },
    exportInfrastructure: async (call, id, options) => {
      const infrastructure = find(await enter('exportInfrastructure', call, options.isDeleted, options), id);
      if (options.isDeleted) infrastructures.delete(id);
      return JSON.stringify({ id: infrastructure.id, radl: printRadl(infrastructure.radl) });
    },
    importInfrastructure: async (call, text) => {
      const caller = await enter('importInfrastructure', call, true, text);
      let data: unknown;
      try {
        data = JSON.parse(text);
      } catch {
        throw badRequest('Error importing the infrastructure, incorrect data: not JSON');
      }
      if (typeof data !== 'object' || data === null || !('id' in data)) {
        throw badRequest("Error importing the infrastructure, incorrect data: 'id'");
      }
      const id = String(data.id);
      infrastructures.set(id, { id, owners: [...caller.owners], radl: Radl.empty(), vms: [] });
      return { infrastructureId: id };
    },
    cloudImages: async (call, cloudId, filters) => {
      const caller = await enter('cloudImages', call, false, cloudId, filters);
      if (!caller.clouds.some((cloud) => cloud.id === cloudId)) throw badRequest(`Cloud ID ${cloudId} not found.`);
      return [{ uri: 'mock0://linux.for.ev.er/image1', name: 'Image Name1' }];
    },
    cloudQuotas: async (call, cloudId) => {
      const caller = await enter('cloudQuotas', call, false, cloudId);
      if (!caller.clouds.some((cloud) => cloud.id === cloudId)) throw badRequest(`Cloud ID ${cloudId} not found.`);
      return { cores: { used: 1, limit: 10 } };
    },
    estimate: async (call, document) => {
      await enter('estimate', call, false, document);
      return { dummy: { cloudType: 'Dummy', compute: [{ cpuCores: 1, memoryInMegabytes: 512 }], storage: [] } };
    },
    stats: async (call, range) => {
      await enter('stats', call, false, range);
      if (range.from === '2099-01-01') return [];
      return [{ creation_date: '2026-11-20 08:54:37', tosca_name: 'a,"b"', vm_count: 1, hybrid: false, deleted: true }];
    },
  };
  return fake;
}

/** For tests of failures that only the use cases meet. */
export const storeDown = (): ImError => new ImError('store-unavailable', 'The database does not answer.');
