// SPDX-License-Identifier: Apache-2.0
// The shared connector contract against a real Docker engine.
import { describeConnectorContract } from '../connector-contract.js';
import { connectDocker, containersOf, leftoversOf, NODE_IMAGE, requireEngine } from './engine.js';

describe('Docker', function () {
  this.timeout(120_000);
  before(function () {
    return requireEngine(this);
  });

  describeConnectorContract({
    name: 'Docker',
    connect: () => connectDocker(),
    radl: `network pub (outbound = 'yes')
network priv (outbound = 'no')
system node (
  cpu.count = 1 and memory.size = 256M and
  net_interface.0.connection = 'pub' and net_interface.1.connection = 'priv' and
  disk.0.image.url = 'docker://${NODE_IMAGE}' and disk.1.mount_path = '/data'
)`,
    countVms: async (infrastructureId) => (await containersOf(infrastructureId)).length,
    leftovers: leftoversOf,
  });
});
