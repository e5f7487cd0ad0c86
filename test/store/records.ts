// SPDX-License-Identifier: Apache-2.0
// Builders of small records for the store's tests.
import type { CloudReference, Infrastructure, Operation, Resource, VirtualMachine } from '../../src/domain/index.js';
import { createSystem, Features, Radl, serializeRadl } from '../../src/radl/index.js';

/** Millisecond at which the records' history begins. */
export const START = 1_795_000_000_000;

/** A document of one system with a password in it. */
export function document(options: { name?: string; cpus?: number; memory?: number; password?: string } = {}): Radl {
  const features = Features.of();
  features.setInteger('cpu.count', options.cpus ?? 2);
  features.setInteger('memory.size', options.memory ?? 512, 'MB');
  features.setText('disk.0.os.credentials.password', options.password ?? 'guest-password');
  const radl = Radl.empty();
  radl.add(createSystem(options.name ?? 'front', features));
  return radl;
}

/** What makes two documents the same. */
export const textOf = (radl: Radl | undefined): string | undefined => radl && serializeRadl(radl);

export const CLOUD: CloudReference = {
  id: 'docker0',
  type: 'Docker',
  protocol: 'http',
  server: 'node.example',
  port: 2375,
  path: '',
  extra: { project: 'p1' },
};

export function infrastructure(id: string, changes: Partial<Infrastructure> = {}): Infrastructure {
  return {
    id,
    createdAt: START,
    owners: [{ username: 'alice', password: 'alice-password' }],
    configured: null,
    masterVm: null,
    isDestroying: false,
    isDeleted: false,
    nextVmNumber: 0,
    version: 1,
    radl: document(),
    privateNetworks: new Map(),
    snapshots: [],
    extra: {},
    ...changes,
  };
}

export function vm(infrastructureId: string, number: number, changes: Partial<VirtualMachine> = {}): VirtualMachine {
  return {
    infrastructureId,
    number,
    providerId: `provider-${number}`,
    cloud: CLOUD,
    cloudState: 'running',
    configured: null,
    isDeleting: false,
    isCreating: false,
    isDestroyed: false,
    lastUpdate: START,
    isUpdateFailing: false,
    info: document(),
    requested: document(),
    systemName: 'front',
    errorMessage: '',
    createdAt: START,
    operationId: 'operation-1',
    extra: {},
    ...changes,
  };
}

export function operation(
  id: string,
  infrastructureId: string,
  changes: Partial<Operation> = {},
): Omit<Operation, 'sequence'> {
  return {
    id,
    infrastructureId,
    kind: 'create',
    state: 'queued',
    caller: 'alice',
    request: { radl: 'request-secret' },
    credentials: [{ type: 'Docker', host: 'http://node.example:2375', password: 'cloud-password' }],
    progress: {},
    result: null,
    error: null,
    createdAt: START,
    startedAt: null,
    finishedAt: null,
    ...changes,
  };
}

export function resource(id: string, infrastructureId: string, changes: Partial<Resource> = {}): Resource {
  return {
    id,
    infrastructureId,
    operationId: 'operation-1',
    kind: 'vm',
    cloud: CLOUD,
    vmNumber: 0,
    token: `${infrastructureId}-0-0`,
    providerId: null,
    state: 'intent',
    data: { region: 'north' },
    createdAt: START,
    ...changes,
  };
}
