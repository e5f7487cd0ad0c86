// SPDX-License-Identifier: Apache-2.0
// Recording addresses: the measured table of core.md §23.1 and our corrections.
import { expect } from 'chai';
import { assignIps, type PrivateAddress } from '../../../src/connectors/shared/assign-ips.js';
import { parseRadl, printRadl } from '../../../src/radl/index.js';
import { PRIVATE_NET_MASKS } from '../support.js';

const NETWORKS = `network pub (outbound = 'yes')
network priv (outbound = 'no')
`;

/** Interface properties of the system, and the network ids, after assigning. */
function assign(
  text: string,
  publicIps: readonly string[],
  privateIps: readonly (string | PrivateAddress)[],
): { readonly interfaces: Record<string, string | undefined>; readonly networks: readonly string[] } {
  const info = parseRadl(text);
  assignIps(info, {
    publicIps,
    privateIps: privateIps.map((entry) => (typeof entry === 'string' ? { address: entry } : entry)),
    privateNetMasks: PRIVATE_NET_MASKS,
    now: () => 1_795_165_048_060,
  });
  const { features } = info.systems[0]!;
  const names = features.names().filter((name) => name.startsWith('net_interface.'));
  return {
    interfaces: Object.fromEntries(names.map((name) => [name.slice('net_interface.'.length), features.getText(name)])),
    networks: info.networks.map(({ id }) => id),
  };
}

describe('assignIps', () => {
  const onPrivate = `${NETWORKS}system s (net_interface.0.connection = 'priv')`;

  it('puts a private address on the connected network and a public one on a new interface of the public network', () => {
    const { interfaces } = assign(onPrivate, ['158.42.1.1'], ['10.0.0.1']);
    expect(interfaces).to.deep.equal({
      '0.connection': 'priv',
      '0.ip': '10.0.0.1',
      '1.connection': 'pub',
      '1.ip': '158.42.1.1',
    });
  });

  it('makes networks when the document has none', () => {
    const { interfaces, networks } = assign('system s ()', ['158.42.1.1'], ['10.0.0.1']);
    expect(networks).to.deep.equal(['public.179516504806', 'private.10.0.0.0']);
    expect(interfaces).to.deep.equal({
      '0.connection': 'public.179516504806',
      '0.ip': '158.42.1.1',
      '1.connection': 'private.10.0.0.0',
      '1.ip': '10.0.0.1',
    });
  });

  it('takes an address that is reported twice as private', () => {
    expect(assign(onPrivate, ['10.0.0.1'], ['10.0.0.1']).interfaces).to.deep.equal({
      '0.connection': 'priv',
      '0.ip': '10.0.0.1',
    });
  });

  it('lets the last of two private addresses of one range win', () => {
    expect(assign(onPrivate, [], ['10.0.0.1', '10.0.0.2']).interfaces['0.ip']).to.equal('10.0.0.2');
  });

  it('takes the last address of each family from three or more public ones', () => {
    const { interfaces } = assign(
      `${NETWORKS}system s (net_interface.0.connection = 'pub')`,
      ['158.42.1.1', '158.42.1.2', '158.42.1.3', '2001:db8::1'],
      [],
    );
    expect(interfaces).to.deep.equal({ '0.connection': 'pub', '0.ip': '158.42.1.3', '0.ipv6': '2001:db8::1' });
  });

  it('takes the first of two public addresses of one family, both of two families', () => {
    const text = `${NETWORKS}system s (net_interface.0.connection = 'pub')`;
    expect(assign(text, ['158.42.1.1', '158.42.1.2'], []).interfaces['0.ip']).to.equal('158.42.1.1');
    const both = assign(text, ['2001:db8::1', '158.42.1.2'], []).interfaces;
    expect([both['0.ip'], both['0.ipv6']]).to.deep.equal(['158.42.1.2', '2001:db8::1']);
  });

  it('makes a network for a private address that fits no range of the document', () => {
    const { interfaces, networks } = assign(
      `network p1 (outbound = 'no' and cidr = '10.1.0.0/16')
       system s (net_interface.0.connection = 'p1')`,
      [],
      ['172.16.0.5'],
    );
    expect(networks).to.deep.equal(['p1', 'private.172.16.0.0']);
    expect(interfaces['1.ip']).to.equal('172.16.0.5');
  });

  it('prefers the range that holds the address among networks that are not connected (C27)', () => {
    const { interfaces } = assign(
      `network plain (outbound = 'no')
       network fit (outbound = 'no' and cidr = '10.1.*.0/24')
       system s ()`,
      [],
      ['10.1.7.5'],
    );
    expect(interfaces).to.deep.equal({ '0.connection': 'fit', '0.ip': '10.1.7.5' });
  });

  it('clears stale addresses of both families (C26)', () => {
    const { interfaces } = assign(
      `${NETWORKS}system s (net_interface.0.connection = 'priv' and net_interface.0.ip = '10.0.0.9' and net_interface.0.ipv6 = 'fd00::9')`,
      [],
      [],
    );
    expect(interfaces).to.deep.equal({ '0.connection': 'priv' });
  });

  it('follows the provider where it says which network an address is in', () => {
    const { interfaces } = assign(
      `network a (outbound = 'no')
       network b (outbound = 'no')
       system s (net_interface.0.connection = 'a' and net_interface.1.connection = 'b')`,
      [],
      [
        { address: '172.18.0.2', networkId: 'b' },
        { address: '172.19.0.2', networkId: 'a' },
      ],
    );
    expect(interfaces).to.deep.equal({
      '0.connection': 'a',
      '0.ip': '172.19.0.2',
      '1.connection': 'b',
      '1.ip': '172.18.0.2',
    });
  });

  it('passes over texts that are no addresses', () => {
    expect(assign(onPrivate, ['host.example.org', ''], ['nonsense']).interfaces).to.deep.equal({
      '0.connection': 'priv',
    });
  });

  it('gives the same document when it runs again with the same addresses', () => {
    const info = parseRadl('system s ()');
    const reported = {
      publicIps: ['158.42.1.1'],
      privateIps: [{ address: '10.0.0.1' }, { address: '192.168.1.1' }],
      privateNetMasks: PRIVATE_NET_MASKS,
      now: () => 0,
    };
    assignIps(info, reported);
    const once = printRadl(info);
    assignIps(info, { ...reported, now: () => 100 });
    expect(printRadl(info)).to.equal(once);
    expect(info.networks.map(({ id }) => id)).to.deep.equal(['public.0', 'private.10.0.0.0', 'private.192.168.0.0']);
  });
});
