// SPDX-License-Identifier: Apache-2.0
// The shared connector contract against the real services of the lab.
import { describeConnectorContract } from '../connectors/connector-contract.js';
import { connectLab, inventoryOf, labImage, leftoversOf, needLab } from '../support/openstack-lab/lab.js';

describe('OpenStack', function () {
  this.timeout(600_000);
  before(function () {
    needLab(this);
  });

  if ((process.env.IM_OPENSTACK_LAB ?? '') !== '') {
    describeConnectorContract({
      name: 'OpenStack',
      connect: () => connectLab(),
      radl: `network pub (outbound = 'yes')
network priv (create = 'yes')
system node (
  cpu.count >= 1 and memory.size >= 512M and
  net_interface.0.connection = 'pub' and net_interface.1.connection = 'priv' and
  disk.0.image.url = '${labImage()}'
)`,
      countVms: async (infrastructureId) => (await inventoryOf(infrastructureId)).servers.length,
      leftovers: leftoversOf,
    });
  }
});
