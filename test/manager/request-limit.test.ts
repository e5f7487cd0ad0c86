// SPDX-License-Identifier: Apache-2.0
// A request may deploy MAX_VMS_PER_REQUEST machines (1000 in these tests): one line of a document must not exhaust the daemon.
import { expect } from 'chai';
import { parseRadl } from '../../src/radl/index.js';
import { MemoryCloud } from '../support/memory-cloud.js';
import { callOf, demolish, type House, startHouse } from '../support/operations-house.js';
import { failureOf } from '../support/waiting.js';

const SYSTEM = `network pub (outbound = 'yes')
system node (net_interface.0.connection = 'pub' and disk.0.image.url = 'mem://1')
`;
const TOSCA = `tosca_definitions_version: tosca_simple_yaml_1_0
imports:
  - im: https://raw.githubusercontent.com/grycap/tosca/main/custom_types.yaml
topology_template:
  node_templates:
    node:
      type: tosca.nodes.indigo.Compute
      capabilities:
        scalable: { properties: { count: 2000000000 } }
        os: { properties: { type: linux, image: 'mem://1' } }
`;

describe('the number of machines of one request', () => {
  let cloud: MemoryCloud;
  let house: House;
  beforeEach(async () => {
    cloud = new MemoryCloud();
    house = await startHouse({ types: [cloud.connectorType()] });
  });
  afterEach(() => demolish(house));

  const tooMany = ['deploy node 1001', 'deploy node 2000000000', 'deploy node 501\ndeploy node 500'];
  for (const deploys of tooMany) {
    it(`is too large with ${JSON.stringify(deploys)}: nothing is done`, async () => {
      const { manager } = house;
      const document = parseRadl(SYSTEM + deploys);
      const { infrastructureId: id } = await manager.createInfrastructure(callOf(), parseRadl(SYSTEM), {
        isAsync: false,
      });
      for (const attempt of [
        () => manager.createInfrastructure(callOf(), document, { isAsync: true }),
        () => manager.createInfrastructure(callOf(), document, { isAsync: false }),
        () => manager.addResources(callOf(), id, document, { isContextualized: false }),
        () => manager.estimate(callOf(), document),
      ]) {
        const failure = await failureOf(attempt());
        expect(failure).to.include({ code: 'bad-request' });
        expect(String(failure)).to.contain('MAX_VMS_PER_REQUEST');
      }
      expect(await manager.listInfrastructures(callOf())).to.deep.equal([id]);
      expect(await manager.listVms(callOf(), id)).to.deep.equal([]);
      expect(cloud.vms.size).to.equal(0);
    });
  }

  it('counts the instances of TOSCA nodes', async () => {
    const attempt = house.manager.createInfrastructure(callOf(), { kind: 'tosca', text: TOSCA }, { isAsync: true });
    expect(String(await failureOf(attempt))).to.contain('MAX_VMS_PER_REQUEST');
  });

  it('may be the limit itself', async () => {
    const estimate = await house.manager.estimate(callOf(), parseRadl(`${SYSTEM}deploy node 999\ndeploy node 1`));
    expect(JSON.stringify(estimate).match(/cpuCores/g)).to.have.length(1000);
  });
});
