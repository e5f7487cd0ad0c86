// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import { isLasting, orderedCandidates } from '../../../src/connectors/docker/local-addresses.js';

describe('addresses of the engine’s own machine', () => {
  const none = { common: [], others: [] };

  it('begin with the one that others use, then further interfaces, the common bridge, loopback', () => {
    const own = ['172.17.0.1', '192.0.2.2', '198.51.100.7'];
    expect(orderedCandidates('192.0.2.2', own, { common: ['172.17.0.1'], others: [] })).to.deep.equal([
      '192.0.2.2',
      '198.51.100.7',
      '172.17.0.1',
      '127.0.0.1',
    ]);
    expect(orderedCandidates(undefined, [], none)).to.deep.equal(['127.0.0.1']);
  });

  it('leave out bridges of networks that come and go, which answer today and may be gone tomorrow', () => {
    expect(
      orderedCandidates('192.0.2.2', ['192.0.2.2', '172.18.0.1'], { ...none, others: ['172.18.0.1'] }),
    ).to.deep.equal(['192.0.2.2', '127.0.0.1']);
  });

  for (const [interfaceName, isExpected] of [
    ['eth0', true],
    ['enp3s0', true],
    ['docker0', true],
    ['br-lan', true],
    ['vethernet', true],
    ['br-4f5fe3d89e9c', false],
    ['docker_gwbridge', false],
    ['veth0a1b2c3', false],
  ] as const) {
    it(`${isExpected ? 'last' : 'go'} with the interface ${interfaceName}`, () => {
      expect(isLasting({ interfaceName, address: '10.0.0.1' })).to.equal(isExpected);
    });
  }
});
