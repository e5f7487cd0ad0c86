// SPDX-License-Identifier: Apache-2.0
// The shared connector contract against moto.
import { describeConnectorContract } from '../connector-contract.js';
import { IMAGE_URL, useLab } from './lab.js';

describe('EC2', function () {
  this.timeout(60_000);
  const lab = useLab();
  // A minute of EC2's consistency passes in half a second.
  const start = Date.now();
  const now = (): number => start + (Date.now() - start) * 120;

  describeConnectorContract({
    name: 'EC2',
    connect: () => lab.connect({ now }),
    radl: `network pub (outbound = 'yes' and outports = '8080')
network priv (create = 'yes')
system node (
  cpu.count >= 2 and memory.size >= 512M and
  net_interface.0.connection = 'pub' and net_interface.1.connection = 'priv' and
  disk.0.image.url = '${IMAGE_URL}' and disk.1.size = 1G
)`,
    alteredCpus: 4,
    countVms: async (infrastructureId) => (await lab.instancesOf(infrastructureId)).length,
    leftovers: () => lab.everything(),
  });
});
