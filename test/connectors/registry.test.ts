// SPDX-License-Identifier: Apache-2.0
// The table of cloud types.
import { expect } from 'chai';
import { builtInConnectorTypes, type ConnectorType, createConnectorRegistry } from '../../src/connectors/index.js';
import { cloud, connectorEnvironment } from './support.js';

const registry = createConnectorRegistry(connectorEnvironment(), builtInConnectorTypes);

describe('connector registry', () => {
  it('knows the built-in types, in their exact spelling', () => {
    expect(['Dummy', 'DeployedNode', 'Docker'].every(registry.has)).to.equal(true);
    expect(registry.has('dummy')).to.equal(false);
  });

  it('connects a credential without asking the cloud', () => {
    const credential = cloud('Docker', { protocol: 'http', server: '192.0.2.254' });
    expect(registry.connect(credential).cloud).to.equal(credential);
  });

  it('keeps users from sockets of this host where ALLOW_UNIX_SOCKETS forbids them', () => {
    const socket = cloud('Docker', { protocol: 'unix', path: '/var/run/docker.sock' });
    expect(registry.connect(socket).cloud).to.equal(socket);
    const strict = createConnectorRegistry(connectorEnvironment({ allowsUnixSockets: false }), builtInConnectorTypes);
    expect(() => strict.connect(socket)).to.throw('Cloud docker names a unix socket of this host');
  });

  it('refuses an unknown type and names the one that was probably meant', () => {
    expect(() => registry.connect(cloud('NoSuch'))).to.throw(/^Cloud provider not supported: NoSuch \(error: .+\)$/);
    expect(() => registry.connect(cloud('docker'))).to.throw(/did you mean Docker\?/);
  });

  it('says of a type that is still to come that it is not available', () => {
    expect(() => registry.connect(cloud('vSphere'))).to.throw(
      'Cloud provider not supported: vSphere (error: the vSphere connector is not available in this version)',
    );
  });

  it('refuses texts that cannot be a type', () => {
    expect(() => registry.connect(cloud('a.b'))).to.throw(/^Not valid cloud provider\.$/);
    expect(() => registry.connect(cloud('SixteenCharsLong'))).to.throw(/^Not valid cloud provider\.$/);
  });

  it('selects credentials of the stored type only', () => {
    const docker = cloud('Docker', { server: 'h' });
    const dummy = cloud('Dummy', { server: 'h' });
    expect(registry.selectCredential(docker, [dummy, docker])).to.equal(docker);
    expect(registry.selectCredential(docker, [dummy])).to.equal(undefined);
  });

  it('lets a type choose among the items itself', () => {
    const picky: ConnectorType = {
      type: 'Picky',
      connect: () => {
        throw new Error('not needed');
      },
      selectItem: (_cloud, items) => items.find((item) => item.tenant === 'mine'),
    };
    const own = createConnectorRegistry(connectorEnvironment(), [picky]);
    const mine = cloud('Picky', { item: { type: 'Picky', tenant: 'mine' } });
    const other = cloud('Picky', { item: { type: 'Picky', tenant: 'other' } });
    expect(own.selectCredential(other, [other, mine])).to.equal(mine);
    expect(own.selectCredential(other, [other])).to.equal(undefined);
  });
});
