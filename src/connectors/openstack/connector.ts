// SPDX-License-Identifier: Apache-2.0
// OpenStack: servers of Nova in networks of Neutron, with images of Glance and volumes of Cinder (openstack.md).
import type { CloudCredential } from '../../domain/index.js';
import { createKeyedSemaphore, type KeyedSemaphore } from '../../util/keyed-semaphore.js';
import type {
  Capability,
  CloudConnector,
  ConnectorEnvironment,
  ConnectorType,
  ResourceRecorder,
} from '../connector.js';
import { alter } from './alter.js';
import { candidates } from './candidates.js';
import { createCinder } from './cinder.js';
import { openStackCredential } from './credentials.js';
import { destroy, destroyResource, findResource } from './destroy.js';
import { createGlance } from './glance.js';
import { deleteImage, listImages, snapshot } from './images.js';
import { inherited } from './inherited.js';
import { adopt, findByToken, launch, listMarked } from './launch.js';
import { createNeutron } from './neutron.js';
import { createNova } from './nova.js';
import { observe } from './observe.js';
import { reboot, start, stop } from './power.js';
import { quotas } from './quotas.js';
import { createSession, type Session, sessionKey } from './session.js';
import type { Site } from './site.js';

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

/** `type = OpenStack; host = https://keystone:5000; ...`, see docs/connectors.md. */
export const openStackType: ConnectorType = createOpenStackType();

/** What outlives a connector. */
interface SharedState {
  readonly locks: KeyedSemaphore;
  /** By key, the most recently used last. */
  readonly sessions: Map<string, Session>;
}

/** Accounts whose tokens are kept; the longest unused one goes first. */
const REMEMBERED_SESSIONS = 500;

function createOpenStackType(): ConnectorType {
  // Shared by all connectors of the process, since each serves one call.
  const shared: SharedState = { locks: createKeyedSemaphore(1), sessions: new Map() };
  return {
    type: 'OpenStack',
    connect: (cloud, environment) => createOpenStackConnector(createSite(cloud, environment, shared)),
  };
}

function createSite(cloud: CloudCredential, environment: ConnectorEnvironment, shared: SharedState): Site {
  const session = sessionOf(cloud, environment, shared);
  return {
    cloud,
    environment,
    session,
    nova: createNova(session),
    neutron: createNeutron(session),
    cinder: createCinder(session),
    glance: createGlance(session),
    locks: shared.locks,
  };
}

function sessionOf(cloud: CloudCredential, environment: ConnectorEnvironment, { sessions }: SharedState): Session {
  const credential = openStackCredential(cloud, environment.settings.verifySsl);
  const key = sessionKey(cloud, environment.settings.verifySsl);
  const session = sessions.get(key) ?? createSession(key, credential, environment.now);
  sessions.delete(key);
  sessions.set(key, session);
  if (sessions.size > REMEMBERED_SESSIONS) {
    const [oldest] = sessions.keys();
    sessions.delete(oldest ?? '');
  }
  return session;
}

function createOpenStackConnector(site: Site): CloudConnector {
  return {
    cloud: site.cloud,
    capabilities: CAPABILITIES,
    candidates: (system, signal) => candidates(site, system, signal),
    launch: (request) => launch(site, request),
    findByToken: (tokens, infrastructureId, signal) => findByToken(site, tokens, infrastructureId, signal),
    listMarked: (signal) => listMarked(site, signal),
    adopt: (request, found) => adopt(site, request, found),
    observe: (vms, signal) => observe(site, vms, signal),
    destroy: (vm, signal) => destroy(site, vm, signal),
    destroyResource: (resource, signal) => destroyResource(site, resource, signal),
    inherited,
    findResource: (resource, signal) => findResource(site, resource, signal),
    start: (vm, signal) => start(site, vm, signal),
    stop: (vm, signal) => stop(site, vm, signal),
    reboot: (vm, signal) => reboot(site, vm, signal),
    alter: (vm, wanted, signal, networks = [], resources = unrecorded) =>
      alter(site, vm, { wanted, networks, resources, signal }),
    snapshot: (vm, _disk, imageName, _isAutoDelete, signal) => snapshot(site, vm, imageName, signal),
    deleteImage: (url, signal) => deleteImage(site, url, signal),
    listImages: (filters, signal) => listImages(site, filters, signal),
    quotas: (signal) => quotas(site, signal),
  };
}

/** For callers without ledger: what an alter makes is found by its name and metadata. */
const unrecorded: ResourceRecorder = {
  record: async (_resource, create, find) => (await find?.()) ?? (await create()),
};
