// SPDX-License-Identifier: Apache-2.0
// What the rest of the daemon asks of documents: ports, interfaces, names, credentials, disks, applications, preferences.
import { expect } from 'chai';
import {
  acceptNewCredentials,
  applicationScore,
  applications,
  applicationsToInstall,
  applySystem,
  compareVersions,
  concretize,
  connectedNetwork,
  createNetwork,
  credentials,
  dataDisks,
  deletePublicNetworks,
  formatOutports,
  hasIp,
  hasPublicNetwork,
  interfaceCount,
  interfaceIndexForNetwork,
  interfaceIp,
  isConnectedWith,
  isNewerApplication,
  isPublicNetwork,
  isTlsNeeded,
  itemsByStep,
  itemTool,
  loginCredentials,
  networkIds,
  networkOutports,
  operatingSystem,
  parseOutports,
  parseRadl,
  parseVersion,
  printFeatures,
  printSystem,
  privateIp,
  publicIp,
  type Radl,
  remoteAccessPort,
  remotePort,
  removeInterface,
  renderNameTemplate,
  replaceDnsNames,
  requestedInterfaceName,
  requestedName,
  setCredentials,
  setOutPort,
  setSshPort,
  sshPort,
  withDefaults,
} from '../../src/radl/index.js';
import { errorOf, group, system } from './support.js';

/** `FIRST-LAST/protocol`, a range with a colon. */
const shown = ({
  remotePort,
  localPort,
  protocol,
  isRange,
  remoteCidr,
}: ReturnType<typeof parseOutports>[number]): string =>
  `${remoteCidr === undefined ? '' : `${remoteCidr}-`}${remotePort}${isRange ? ':' : '-'}${localPort}/${protocol}`;

describe('outports', () => {
  const table: readonly (readonly [string, string])[] = [
    ['22', '22-22/tcp'],
    ['53/udp', '53-53/udp'],
    ['8080-80', '8080-80/tcp'],
    ['8080/tcp-80', '8080-80/tcp'],
    ['8080-80/tcp', '8080-80/tcp'],
    ['8080/udp-80', '8080-80/udp'],
    ['8080/udp-80/udp', '8080-80/udp'],
    ['1000:2000/udp', '1000:2000/udp'],
    ['10.0.0.0/8-22', '10.0.0.0/8-22-22/tcp'],
    ['10.0.0.0/8-8080-80', '10.0.0.0/8-8080-80/tcp'],
    ['10.0.0.0/8-1000:2000', '10.0.0.0/8-1000:2000/tcp'],
    ['1000:2000-80', '1000:2000/tcp'],
    ['80-1000:2000', '80-1000/tcp'],
    ['0022\n', '22-22/tcp'],
    ['8/icmp', '8-8/icmp'],
    ['22,80', '22-22/tcp 80-80/tcp'],
  ];
  for (const [text, expected] of table) {
    it(`reads ${JSON.stringify(text)}`, () => {
      const list = parseOutports(text);
      expect(list.map(shown).join(' ')).to.equal(expected);
      expect(parseOutports(formatOutports(list))).to.deep.equal(list);
    });
  }

  for (const text of [
    '',
    '22,',
    '22, 80',
    '22--80',
    'ssh',
    '22/TCP',
    '22/sctp',
    '-22',
    '10.0.0.0-22',
    '1:2:3',
    '22\n\n',
  ]) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      expect(errorOf(() => parseOutports(text)).message).to.equal('Invalid outports format.');
    });
  }

  it('refuse different protocols', () => {
    expect(errorOf(() => parseOutports('8080-80/udp')).message).to.equal(
      'Different protocols used in local and remote outports.',
    );
  });

  it('are absent, not empty, when a network has none', () => {
    expect(networkOutports(createNetwork('n', true))).to.equal(undefined);
  });
});

describe('interfaces', () => {
  const node = () =>
    system(
      "net_interface.0.connection = 'priv' and net_interface.0.ip = '10.0.0.5' and net_interface.1.connection = 'pub' and " +
        "net_interface.1.ipv6 = '2001:db8::1' and net_interface.3.connection = 'late'",
    );

  it('are counted and walked until the first gap', () => {
    expect(interfaceCount(node())).to.equal(2);
    expect(networkIds(node())).to.deep.equal(['priv', 'pub']);
    expect(interfaceIndexForNetwork(node(), 'pub')).to.equal(1);
    expect(interfaceIndexForNetwork(node(), 'late')).to.equal(undefined);
  });

  it('have an address per protocol version', () => {
    expect(interfaceIp(node(), 0)).to.equal('10.0.0.5');
    expect(interfaceIp(node(), 0, 6)).to.equal(undefined);
    expect(interfaceIp(node(), 1, 6)).to.equal('2001:db8::1');
    expect([hasIp(node(), '10.0.0.5'), hasIp(node(), '2001:db8::1'), hasIp(node(), '2001:db8::1', 6)]).to.deep.equal([
      true,
      false,
      true,
    ]);
  });

  it('are renumbered when one is removed, whatever digits their properties have', () => {
    const names = Array.from({ length: 12 }, (_, index) => `net_interface.${index}.connection = 'n${index}'`);
    const many = system(names.join(' and '));
    removeInterface(many, 1);
    expect(networkIds(many)).to.deep.equal(['n0', ...Array.from({ length: 10 }, (_, index) => `n${index + 2}`)]);
    const two = system(
      "net_interface.0.connection = 'a' and net_interface.1.connection = 'b' and net_interface.1.dns.1.name = 'x.y'",
    );
    removeInterface(two, 0);
    expect(printFeatures(two.features)).to.equal(
      "net_interface.0.connection = 'b' and\nnet_interface.0.dns.1.name = 'x.y'",
    );
  });
});

describe('names', () => {
  it('come from templates', () => {
    expect(renderNameTemplate('a#N#b#N#.c#N#.d', 4)).to.deep.equal({ host: 'a4b4', domain: 'c4.d' });
    expect(renderNameTemplate('x#N#')).to.deep.equal({ host: 'x#N#', domain: undefined });
    expect(renderNameTemplate('trail.', 1)).to.deep.equal({ host: 'trail', domain: '' });
  });

  it('of an interface fall back to the defaults', () => {
    const node = system("net_interface.0.dns_name = 'wn#N#'");
    expect(requestedInterfaceName(node, 0, 12, 'd', 'localdomain')).to.deep.equal({
      host: 'wn12',
      domain: 'localdomain',
    });
    expect(requestedInterfaceName(node, 1, 3, 'vnode-#N#.x.y', 'localdomain')).to.deep.equal({
      host: 'vnode-3',
      domain: 'localdomain',
    });
    expect(requestedInterfaceName(node, 1, 3)).to.equal(undefined);
  });

  it('of a machine prefer dns.0.name, and are written into both properties', () => {
    const radl = parseRadl(
      "network a system s (net_interface.0.connection = 'a' and net_interface.1.connection = 'a' and net_interface.1.dns.0.name = 'w#N#.org' and net_interface.1.dns_name = 'old')",
    );
    const vm = { info: radl, requested: radl.clone(), number: 7 };
    expect(requestedName(vm)).to.deep.equal({ host: 'vnode-7', domain: 'localdomain' });
    expect(requestedName(vm, {}, 0)).to.equal(undefined);
    expect(requestedName(vm, {}, 1)).to.deep.equal({ host: 'w7', domain: 'org' });
    replaceDnsNames(vm);
    const features = radl.systems[0]?.features;
    expect(features?.getText('net_interface.0.dns_name')).to.equal('vnode-7');
    expect(features?.getText('net_interface.1.dns_name')).to.equal('w7.org');
    expect(features?.getText('net_interface.1.dns.0.name')).to.equal('w7.org');
  });

  it('need a certificate when one with a real domain asks for it', () => {
    const tls = (text: string) => isTlsNeeded(parseRadl(`system s (net_interface.0.connection = 'a' and ${text})`));
    expect(tls("net_interface.0.dns.0.name = 'x.org' and net_interface.0.dns.0.tls = 'yes'")).to.equal(true);
    expect(tls("net_interface.0.dns.0.name = 'x.localdomain' and net_interface.0.dns.0.tls = 'yes'")).to.equal(false);
    expect(
      tls(
        "net_interface.0.dns.0.name = 'x' and net_interface.0.dns.1.name = 'y.z' and net_interface.0.dns.1.tls = 'yes'",
      ),
    ).to.equal(false);
    expect(tls("net_interface.0.dns.0.name = 'x.org'")).to.equal(false);
  });
});

describe('credentials', () => {
  it('become current when the machine has taken the new ones', () => {
    const node = system(
      "disk.0.os.credentials.username = 'u' and disk.0.os.credentials.new.password = 'p' and disk.0.os.credentials.new.username = 'v'",
    );
    acceptNewCredentials(node);
    expect(credentials(node)).to.deep.equal({ username: 'u', password: 'p' });
    expect(credentials(node, { isNew: true })).to.deep.equal({ username: 'v' });
  });

  it('set only what is given', () => {
    const node = system("disk.0.os.credentials.password = 'p'");
    setCredentials(node, { username: 'u', password: '', privateKey: 'K' });
    expect(credentials(node)).to.deep.equal({ username: 'u', password: 'p', privateKey: 'K' });
    expect(loginCredentials(node)).to.deep.equal({ kind: 'key', username: 'u', privateKey: 'K' });
    expect(loginCredentials(system(''))).to.equal(undefined);
  });
});

describe('documents', () => {
  const radl = () =>
    parseRadl(
      "network pub (outbound = 'yes') network loud (outbound = 'YES') network priv\n" +
        "system a (net_interface.0.connection = 'priv' and net_interface.0.ip = '10.0.0.1' and net_interface.1.connection = 'pub' and net_interface.1.ip = '1.2.3.4') system b (net_interface.0.connection = 'loud')",
    );

  it('know public networks by the exact word', () => {
    expect(radl().networks.map(isPublicNetwork)).to.deep.equal([true, false, false]);
    expect([hasPublicNetwork(radl(), 'a'), hasPublicNetwork(radl(), 'b'), hasPublicNetwork(radl(), 'z')]).to.deep.equal(
      [true, false, false],
    );
  });

  it('find addresses and networks by visibility', () => {
    expect([publicIp(radl()), privateIp(radl()), publicIp(radl(), 6)]).to.deep.equal([
      '1.2.3.4',
      '10.0.0.1',
      undefined,
    ]);
    expect([connectedNetwork(radl(), true)?.id, connectedNetwork(radl(), false)?.id]).to.deep.equal(['pub', 'priv']);
  });

  it('are connected by public addresses or a shared network', () => {
    const other = (text: string): Radl => parseRadl(text);
    expect(
      isConnectedWith(
        radl(),
        other(
          "network p (outbound = 'yes') system o (net_interface.0.connection = 'p' and net_interface.0.ip = '5.5.5.5')",
        ),
      ),
    ).to.equal(true);
    expect(isConnectedWith(radl(), other("network priv system o (net_interface.0.connection = 'priv')"))).to.equal(
      true,
    );
    expect(isConnectedWith(radl(), other("network q system o (net_interface.0.connection = 'q')"))).to.equal(false);
  });

  it('list data disks until the first gap', () => {
    const disks =
      "disk.0.size = 9G and disk.1.size = 1G and disk.2.image.url = 'x' and disk.3.content = 'c' and disk.5.size = 1G";
    expect(dataDisks(system(disks))).to.deep.equal([1, 2]);
    expect(dataDisks(system(disks), { alsoContent: true })).to.deep.equal([1, 2, 3]);
    expect(dataDisks(system('disk.1.size = 0'))).to.deep.equal([]);
  });

  it('group contextualize items by step in order of appearance', () => {
    const { contextualize } = parseRadl(
      'contextualize (system a configure b step 2 system a configure c with cloud_init system a configure d step 2)',
    );
    expect(
      [...(itemsByStep(contextualize) ?? [])].map(([step, items]) => [step, items.map(({ configure }) => configure)]),
    ).to.deep.equal([
      [2, ['b', 'd']],
      [0, ['c']],
    ]);
    expect(contextualize.items?.map(itemTool)).to.deep.equal(['Ansible', 'cloud_init', 'Ansible']);
    expect(itemsByStep(parseRadl('contextualize ()').contextualize)).to.equal(undefined);
  });
});

describe('ports of a machine', () => {
  const info = (outports: string, rest = '') =>
    parseRadl(
      `network pub (outbound = 'yes' and outports = '${outports}') system n (net_interface.0.connection = 'pub' ${rest})`,
    );

  it('are looked up in the last public network, the last match wins, ranges keep numbers', () => {
    expect(sshPort({ info: info('2222-22,2223-22') })).to.equal(2223);
    expect(remotePort({ info: info('5353/udp-53/udp') }, 53)).to.equal(undefined);
    expect(remotePort({ info: info('5353/udp-53/udp') }, 53, 'udp')).to.equal(5353);
    expect(remotePort({ info: info('1000:2000') }, 1500)).to.equal(1500);
    expect(
      sshPort({
        info: parseRadl(
          "network a (outbound = 'yes' and outports = '2022-22') network b (outbound = 'yes') system s ()",
        ),
      }),
    ).to.equal(22);
  });

  it('for remote access depend on the system', () => {
    expect(remoteAccessPort({ info: info('15986-5986', "and disk.0.os.name = 'Windows'") })).to.equal(15986);
    expect(operatingSystem({ info: info('22') })).to.equal('linux');
  });

  it('can be set; other entries keep their meaning', () => {
    const radl = info('22,1000:2000,10.0.0.0/8-443,8/icmp,53/udp');
    setOutPort(radl, 8080, 18080);
    expect(radl.networks[0]?.features.getText('outports')).to.equal(
      '18080-8080,22-22,1000:2000,10.0.0.0/8-443-443,8/icmp-8/icmp,53/udp-53/udp',
    );
    setSshPort(radl, 22);
    setSshPort(radl, 2022);
    expect(sshPort({ info: radl })).to.equal(2022);
  });

  it('make a public network when there is none, and attach the machine', () => {
    const radl = parseRadl("network priv () system n (net_interface.0.connection = 'priv')");
    setSshPort(radl, 2022);
    expect(sshPort({ info: radl })).to.equal(2022);
    expect(networkIds(radl.systems[0] ?? system(''))).to.deep.equal(['priv', 'public.0']);
  });

  it('lose their public networks, names move', () => {
    const radl = parseRadl(
      "network p (outbound = 'yes') network a system s (net_interface.0.connection = 'p' and net_interface.0.ip = '1.1.1.1' and net_interface.1.connection = 'a' and net_interface.1.dns_name = 'x')",
    );
    deletePublicNetworks(radl);
    expect(radl.systems.map((entry) => printFeatures(entry.features).replaceAll('\n', ' '))).to.deep.equal([
      "net_interface.0.connection = 'a' and net_interface.1.connection = 'a' and net_interface.0.dns_name = 'x'",
    ]);
  });
});

describe('applications', () => {
  const application = (name: string, version?: string) =>
    group(`name = '${name}'${version === undefined ? '' : ` and version = '${version}'`}`);

  it('are newer by version, never when equal or invalid', () => {
    expect(isNewerApplication(application('n', '1.10'), application('n', '1.9'))).to.equal(true);
    expect(isNewerApplication(application('n', '1.0'), application('n', '1.0.0'))).to.equal(false);
    expect(isNewerApplication(application('n', '2'), application('m', '1'))).to.equal(false);
    expect(isNewerApplication(application('n'), application('n', '1'))).to.equal(false);
    expect(isNewerApplication(application('n', 'x'), application('n', '1'))).to.equal(false);
    expect(isNewerApplication(application('n'), application('n'))).to.equal(true);
  });

  it('order versions as PEP 440', () => {
    const ordered = [
      '1.dev1',
      '1a1.dev1',
      '1a1',
      '1a2',
      '1b1',
      '1rc1',
      '1',
      '1+abc',
      '1+1',
      '1.post1.dev1',
      '1.post1',
      '1.0.1',
      '1.9',
      '1.10',
      'v2',
      '1!0.1',
    ];
    const versions = ordered.map((text) => parseVersion(text));
    for (const [index, version] of versions.entries()) {
      for (const [other, otherVersion] of versions.entries()) {
        if (version === undefined || otherVersion === undefined) throw new Error('all are versions');
        expect(Math.sign(compareVersions(version, otherVersion)), `${ordered[index]} / ${ordered[other]}`).to.equal(
          Math.sign(index - other),
        );
      }
    }
    for (const text of ['', 'x', '1..2', '1.', `1${'.1'.repeat(200)}`])
      expect(parseVersion(text), text).to.equal(undefined);
  });

  it('to install are those of which no newer one is there', () => {
    const apps = (...entries: string[]) =>
      entries.map((entry) => `disk.0.applications contains (${entry})`).join(' and ');
    const info = parseRadl(`system s (${apps("name = 'a' and version = '2'", "name = 'b'")})`);
    const requested = parseRadl(
      `system s (${apps("name = 'a' and version = '1'", "name = 'b' and version = '1'", "name = 'ansible.roles.x'", "name = 'c'")})`,
    );
    const names = applicationsToInstall({ info, requested, number: 0 }).map((entry) => entry.getText('name'));
    expect(names).to.deep.equal(['b', 'c']);
    const [installed, wanted] = [info, requested].map((radl) => applications(radl.systems[0] ?? system('')));
    expect(applicationScore(wanted ?? [], installed ?? [])).to.equal(99);
  });
});

describe('preferences', () => {
  it('are applied heaviest first, whole or not at all, and leave no trace', () => {
    const wish = system(
      "os = 'linux' and cpu.count >= 1 and soft 10 (cpu.count >= 4) and soft 20 (cpu.count <= 2) and soft 3.5 (os = 'windows' and price = 1) and soft 2.5 (soft 9 (x = 1) and y = 1)",
    );
    const before = printSystem(wish);
    const result = concretize(wish);
    expect(printFeatures(result.system.features).replaceAll('\n', ' ')).to.equal(
      "os = 'linux' and cpu.count >= 1 and cpu.count <= 2 and y = 1",
    );
    expect(result.score).to.equal(22.5);
    expect(printSystem(wish)).to.equal(before);
  });

  it('of the other system are ignored, its features must fit', () => {
    const result = concretize(
      system('cpu.count >= 1 and soft 5 (cpu.count >= 4)'),
      system('cpu.count = 2 and soft 50 (z = 1)'),
    );
    expect(printFeatures(result.system.features)).to.equal('cpu.count = 2');
    expect(result.score).to.equal(0);
    expect(() => concretize(system('cpu.count >= 4'), system('cpu.count = 2'))).to.throw('Disjoint intervals');
  });

  it('keep the order of equal weights', () => {
    expect(printFeatures(concretize(system("soft 1 (os = 'a') and soft 1 (os = 'b')")).system.features)).to.equal(
      "os = 'a'",
    );
  });

  it('hide defaults, which fill only what nobody sets', () => {
    const defaults = { cpus: 1, memory: 512, memoryUnit: 'M', arch: 'x86_64' };
    const filled = withDefaults(system('soft 1 (memory.size >= 1G)'), defaults);
    expect(printFeatures(filled.features).replaceAll('\n', ' ')).to.equal(
      "soft 1 ( memory.size >= 1G ) and cpu.count >= 1 and cpu.arch = 'x86_64'",
    );
  });

  it('can be overridden by another system', () => {
    const target = system('x = 1 and y = 1');
    expect(
      printFeatures(applySystem(target, system('x = 2'), { conflict: 'other', missing: 'other' }).features),
    ).to.equal('x = 2 and\ny = 1');
    expect(printFeatures(target.features)).to.equal('x = 1 and\ny = 1');
  });
});
