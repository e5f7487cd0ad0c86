// SPDX-License-Identifier: Apache-2.0
// Amazon EC2 and clouds that speak its API, with Route 53 for names (ec2.md).
import type { CloudCredential } from '../../domain/index.js';
import type { Radl } from '../../radl/index.js';
import type { Capability, CloudConnector, ConnectorEnvironment, ConnectorType } from '../connector.js';
import { systemOf } from '../shared/first-system.js';
import { alter } from './alter.js';
import { candidates } from './candidates.js';
import { destroyResource, destroyVm, findInRegions, findResource, inRegions } from './destroy.js';
import { createEngine, createSharedState, type SharedState } from './engine.js';
import { deleteImage, listImages, snapshot } from './images.js';
import { inherited } from './inherited.js';
import { listMarked } from './instances.js';
import { adopt, launch } from './launch.js';
import { launchRegion } from './launch-plan.js';
import { observe } from './observe.js';
import { switchPower } from './power.js';
import { quotas } from './quotas.js';

const CAPABILITIES: ReadonlySet<Capability> = new Set<Capability>([
  'stop',
  'start',
  'reboot',
  'alter',
  'snapshot',
  'images',
  'quotas',
  'user-data',
  'idempotent-launch',
]);

/** `type = EC2; username = <access key>; password = <secret key>`, with `token`, `region`, `endpoint` and `verify` where needed. */
export const ec2Type: ConnectorType = createEc2Type();

function createEc2Type(): ConnectorType {
  const shared = createSharedState();
  return { type: 'EC2', connect: (cloud, environment) => createEc2Connector(cloud, environment, shared) };
}

function createEc2Connector(
  cloud: CloudCredential,
  environment: ConnectorEnvironment,
  shared: SharedState,
): CloudConnector {
  const engine = createEngine(cloud, environment, shared);
  return {
    cloud,
    capabilities: CAPABILITIES,
    candidates: (system, signal) => candidates(engine, system, signal),
    launch: (request) => launch(engine, request),
    findByToken: (tokens, infrastructureId, signal, patience, documents) =>
      findInRegions(engine, tokens, infrastructureId, regionsOf(documents), signal, patience),
    listMarked: (signal) => inRegions(engine, undefined, signal, (ec2) => listMarked(ec2, signal)),
    adopt: (request, found) => adopt(engine, request, found),
    observe: (vms, signal) => observe(engine, vms, signal),
    destroy: (vm, signal) => destroyVm(engine, vm, signal),
    destroyResource: (resource, signal, living) => destroyResource(engine, resource, signal, living),
    inherited,
    findResource: (resource, signal) => findResource(engine, resource, signal),
    start: (vm, signal) => switchPower(engine, vm, 'startInstances', signal),
    stop: (vm, signal) => switchPower(engine, vm, 'stopInstances', signal),
    reboot: (vm, signal) => switchPower(engine, vm, 'rebootInstances', signal),
    alter: (vm, wanted, signal, networks = [], resources) => alter(engine, vm, wanted, signal, networks, resources),
    snapshot: (vm, _disk, imageName, _isAutoDelete, signal) => snapshot(engine, vm, imageName, signal),
    deleteImage: (url, signal) => deleteImage(engine, url, signal),
    listImages: (filters, signal) => listImages(engine, filters, signal),
    quotas: (signal) => quotas(engine, signal),
  };
}

function regionsOf(documents: readonly Radl[] | undefined): readonly string[] | undefined {
  return documents === undefined
    ? undefined
    : [...new Set(documents.map((document) => launchRegion(systemOf(document))))];
}
