// SPDX-License-Identifier: Apache-2.0
// Reading, showing and comparing addresses and networks.
import { isIP } from 'node:net';
import { expect } from 'chai';
import fc from 'fast-check';
import {
  cidrContains,
  cidrsOverlap,
  formatCidr,
  formatIp,
  isPrivateIp,
  matchingMask,
  parseCidr,
  parseIp,
} from '../../src/util/ip.js';

const MASKS = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '169.254.0.0/16', '100.64.0.0/10'];

const contains = (cidr: string, address: string): boolean => {
  const [network, ip] = [parseCidr(cidr), parseIp(address)];
  if (!network || !ip) throw new Error('not readable');
  return cidrContains(network, ip);
};

describe('parseIp', () => {
  it('reads what Node takes for an address and nothing else', () => {
    const texts = [
      '1.2.3.4',
      '256.1.1.1',
      '1.2.3',
      '01.2.3.4',
      '::',
      '::1',
      '1::2::3',
      'fe80::1%eth0',
      '::ffff:1.2.3.4',
    ];
    texts.push(
      '1:2:3:4:5:6:7:8',
      '1:2:3:4:5:6:7',
      '1:2:3:4:5:6:7::',
      '12345::',
      'g::',
      ' 1.2.3.4',
      '',
      '::1.2.3.4',
      ':1',
    );
    for (const text of texts) expect(parseIp(text) !== undefined, text).to.equal(isIP(text) !== 0);
  });

  it('agrees with Node on any IPv6 address, and shows it so that it reads back', () => {
    fc.assert(
      fc.property(fc.ipV6(), (text) => {
        const ip = parseIp(text);
        expect(ip).to.not.equal(undefined);
        if (ip) expect(parseIp(formatIp(ip))).to.deep.equal(ip);
      }),
    );
  });

  it('shows addresses as RFC 5952 wants them', () => {
    const shown = (text: string) => {
      const ip = parseIp(text);
      return ip && formatIp(ip);
    };
    expect(shown('2001:0DB8:0:0:1:0:0:1')).to.equal('2001:db8::1:0:0:1');
    expect(shown('0:0:0:0:0:0:0:0')).to.equal('::');
    expect(shown('1:0:0:2:0:0:0:3')).to.equal('1:0:0:2::3');
    expect(shown('1:0:2:3:4:5:6:7')).to.equal('1:0:2:3:4:5:6:7');
    expect(shown('::ffff:10.0.0.1')).to.equal('10.0.0.1');
    expect(shown('10:0:0:0:0:0:0:10')).to.equal('10::10');
  });
});

describe('networks', () => {
  it('clear their host bits', () => {
    const cidr = parseCidr('10.1.2.3/8');
    expect(cidr && formatCidr(cidr)).to.equal('10.0.0.0/8');
  });

  it('hold the addresses between their bounds', () => {
    expect(contains('172.16.0.0/12', '172.31.255.255')).to.equal(true);
    expect(contains('172.16.0.0/12', '172.32.0.0')).to.equal(false);
    expect(contains('0.0.0.0/0', '255.255.255.255')).to.equal(true);
    expect(contains('10.0.0.5', '10.0.0.5')).to.equal(true);
    expect(contains('2001:db8::/32', '2001:db8:ffff::1')).to.equal(true);
    expect(contains('::/0', '10.0.0.1')).to.equal(false);
    expect(contains('10.0.0.0/8', '::ffff:10.1.1.1')).to.equal(true);
    expect(contains('::ffff:10.0.0.0/104', '10.1.1.1')).to.equal(true);
  });

  it('overlap when one holds the other', () => {
    const overlap = (left: string, right: string) => {
      const [a, b] = [parseCidr(left), parseCidr(right)];
      return a !== undefined && b !== undefined && cidrsOverlap(a, b);
    };
    expect(overlap('10.0.0.0/8', '10.5.0.0/16')).to.equal(true);
    expect(overlap('10.5.0.0/16', '10.0.0.0/8')).to.equal(true);
    expect(overlap('10.0.0.0/16', '10.1.0.0/16')).to.equal(false);
    expect(overlap('10.0.0.0/8', '::/0')).to.equal(false);
  });

  it('are refused with a bad prefix or address', () => {
    for (const text of ['10.0.0.0/33', '::/129', '10.0.0/8', '/8', '10.0.0.0/', '10.0.0.0/8/8', '10.0.0.0/-1', '']) {
      expect(parseCidr(text), text).to.equal(undefined);
    }
  });
});

describe('private addresses', () => {
  it('are those inside a mask', () => {
    expect(isPrivateIp('192.168.1.1', MASKS)).to.equal(true);
    expect(isPrivateIp('8.8.8.8', MASKS)).to.equal(false);
    expect(isPrivateIp('not an address', MASKS)).to.equal(false);
    expect(matchingMask('10.1.1.1', MASKS)).to.equal('10.0.0.0/8');
    expect(matchingMask('8.8.8.8', MASKS)).to.equal(undefined);
  });

  it('of IPv6 are loopback, link-local and unique-local ones whatever the masks', () => {
    for (const address of ['::1', 'fe80::1', 'fd00::1']) expect(isPrivateIp(address, []), address).to.equal(true);
    expect(isPrivateIp('2001:db8::1', [])).to.equal(false);
  });

  it('are found although a mask is no network', () => {
    expect(isPrivateIp('10.1.1.1', ['nonsense', '10.0.0.0/8'])).to.equal(true);
  });
});
