// SPDX-License-Identifier: Apache-2.0
// Which addresses may be fetched from.
import { expect } from 'chai';
import { createAddressGuard } from '../../src/fetch/index.js';

describe('address guard', () => {
  const guard = createAddressGuard([]);

  for (const address of [
    '127.0.0.1',
    '127.8.8.8',
    '10.1.2.3',
    '172.16.0.1',
    '192.168.1.1',
    '169.254.169.254',
    '100.64.0.1',
    '0.0.0.0',
    '224.0.0.1',
    '255.255.255.255',
    '::1',
    '::',
    '::ffff:10.0.0.1',
    '::ffff:7f00:1',
    '64:ff9b::a9fe:a9fe',
    '2002:7f00:1::',
    'fd00:ec2::254',
    'fe80::1%eth0',
    'localhost',
    '2130706433',
    '',
  ]) {
    it(`refuses ${JSON.stringify(address)}`, () => expect(guard.allows(address)).to.equal(false));
  }

  for (const address of ['8.8.8.8', '151.101.0.133', '172.32.0.1', '2606:50c0:8000::154', '::ffff:8.8.8.8']) {
    it(`allows ${address}`, () => expect(guard.allows(address)).to.equal(true));
  }

  it('allows what the operator names, and only that', () => {
    const own = createAddressGuard(['10.20.0.0/16', 'not a network']);
    expect(own.allows('10.20.3.4')).to.equal(true);
    expect(own.allows('10.21.3.4')).to.equal(false);
  });
});
