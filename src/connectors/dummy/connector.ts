// SPDX-License-Identifier: Apache-2.0
// The connector without a cloud: accepts everything and runs nothing, for trying the API and for tests (dummy.md).
import type { CloudCredential } from '../../domain/index.js';
import { createSystem, type Radl, type System } from '../../radl/index.js';
import type {
  AlterResult,
  Capability,
  CloudConnector,
  CloudImage,
  ConnectorEnvironment,
  ConnectorType,
  LaunchOutcome,
  LaunchRequest,
  Quotas,
  VmReference,
} from '../connector.js';
import { systemOf } from '../shared/first-system.js';
import { timeBasedId } from '../shared/instance-ids.js';
import { cancelledOutcome, vmNumberOfToken } from '../shared/launch-outcomes.js';

const CAPABILITIES: ReadonlySet<Capability> = new Set<Capability>([
  'stop',
  'start',
  'reboot',
  'alter',
  'snapshot',
  'images',
  'quotas',
]);

const USERNAME = 'username';
const PASSWORD = 'password';
const ADDRESS = '10.0.0.1';
const IMAGE_SITE = 'mock0://linux.for.ev.er';

const IMAGES: readonly CloudImage[] = [
  { uri: `${IMAGE_SITE}/image1`, name: 'Image Name1' },
  { uri: `${IMAGE_SITE}/image2`, name: 'Image Name2' },
];

const QUOTA_NAMES = ['cores', 'ram', 'instances', 'floating_ips', 'security_groups'];

/** `type = Dummy`: no key is needed, none is read. */
export const dummyType: ConnectorType = {
  type: 'Dummy',
  connect: (cloud, environment) => createDummyConnector(cloud, environment),
};

function createDummyConnector(cloud: CloudCredential, environment: ConnectorEnvironment): CloudConnector {
  return {
    cloud,
    capabilities: CAPABILITIES,
    candidates: async (system) => ({ candidates: [{ system: withUsername(system) }], refusals: [] }),
    launch: (request) => launch(request, environment.now),
    // Nothing runs anywhere, so there is never something to find after a crash: the launch is simply done again.
    findByToken: async () => [],
    adopt: async (request, found) => ({
      number: vmNumberOfToken(request, found.token),
      ok: true,
      providerId: found.providerId,
      info: launchedDocument(request.requested),
      cloudState: 'running',
    }),
    observe: async (vms) => vms.map((vm) => ({ number: vm.number, ok: true, cloudState: vm.cloudState })),
    destroy: async () => {},
    start: async () => 'running',
    stop: async () => 'stopped',
    reboot: async (vm) => vm.cloudState,
    alter: async (vm, wanted) => alter(vm, wanted),
    snapshot: async (_vm, _disk, imageName) => `${IMAGE_SITE}/${imageName}`,
    deleteImage: async () => {},
    listImages: async () => IMAGES,
    quotas: async (): Promise<Quotas> => Object.fromEntries(QUOTA_NAMES.map((name) => [name, { used: 1, limit: 10 }])),
  };
}

/** Any system will do, whatever its image (dummy.md §2). */
function withUsername(system: System): System {
  const features = system.features.clone();
  if (!features.has('disk.0.os.credentials.username')) {
    features.setText('disk.0.os.credentials.username', USERNAME);
  }
  return createSystem(system.name, features);
}

async function* launch(request: LaunchRequest, now: () => number): AsyncGenerator<LaunchOutcome> {
  for (const vm of request.vms) {
    if (request.signal.aborted) {
      yield cancelledOutcome(vm.number);
      continue;
    }
    yield {
      number: vm.number,
      ok: true,
      providerId: timeBasedId(now(), vm.number),
      info: launchedDocument(request.requested),
      cloudState: 'running',
    };
  }
}

/** The document is the user's own, not the concrete one, so that open intervals stay as written (dummy.md §3). */
function launchedDocument(requested: Radl): Radl {
  const info = requested.clone();
  const { features } = systemOf(info);
  features.setText('state', 'running');
  features.setText('provider.type', 'Dummy');
  features.setText('net_interface.0.ip', ADDRESS);
  features.setText('disk.0.os.credentials.username', USERNAME);
  features.setText('disk.0.os.credentials.password', PASSWORD);
  return info;
}

/** Takes over only what is wanted, as one exact value each (dummy.md §5). */
function alter(vm: VmReference, wanted: System): AlterResult {
  const info = vm.info.clone();
  const { features } = systemOf(info);
  const cpus = wanted.features.getValue('cpu.count');
  if (typeof cpus === 'bigint' || typeof cpus === 'number') features.setNumber('cpu.count', cpus);
  const memory = wanted.features.getValue('memory.size', 'M');
  if (typeof memory === 'bigint' || typeof memory === 'number') features.setNumber('memory.size', memory, 'M');
  return { info };
}
