// SPDX-License-Identifier: Apache-2.0
// Tests the election of the VM that runs Ansible (core.md §23.4).
import { expect } from 'chai';
import { electMaster, externalAnsibleHosts } from '../../../src/contextualization/plan/index.js';
import { parseRadl } from '../../../src/radl/index.js';
import { cluster, clusterVms, vm } from './builders.js';

describe('electMaster', () => {
  const document = cluster();

  it('takes the VM with a public network', () => {
    expect(electMaster(clusterVms(document), null)).to.equal(0);
  });

  it('does not need the public address to be there yet', () => {
    expect(electMaster([vm(document, 5, 'wn'), vm(document, 6, 'front')], null)).to.equal(6);
  });

  it('finds none among private VMs', () => {
    expect(electMaster([vm(document, 1, 'wn'), vm(document, 2, 'wn')], null)).to.equal(null);
  });

  it('keeps the current one while it lives', () => {
    const vms = [...clusterVms(document), vm(document, 9, 'front')];
    expect(electMaster(vms, 9)).to.equal(9);
    expect(electMaster(vms, 7)).to.equal(0);
    expect(electMaster([...clusterVms(document), vm(document, 9, 'front', { isDeleting: true })], 9)).to.equal(0);
  });

  it('passes over VMs that are off, disabled or Windows', () => {
    const windows = parseRadl(
      "network p (outbound = 'yes')\nsystem win (net_interface.0.connection = 'p' and disk.0.os.name = 'Windows')",
    );
    const vms = [
      vm(windows, 0, 'win'),
      vm(document, 1, 'front', { cloudState: 'stopped' }),
      vm(document, 2, 'front'),
      vm(document, 3, 'front'),
    ];
    expect(electMaster(vms, null)).to.equal(2);
    expect(electMaster(vms, null, new Set([2]))).to.equal(3);
  });

  it('takes the one that is connected with most VMs, the first of equals', () => {
    const text = `network pub (outbound = 'yes')
      network a (outbound = 'no')
      system lonely (net_interface.0.connection = 'pub')
      system hub (net_interface.0.connection = 'pub' and net_interface.1.connection = 'a')
      system leaf (net_interface.0.connection = 'a')`;
    const many = parseRadl(text);
    const vms = [vm(many, 0, 'lonely'), vm(many, 1, 'leaf'), vm(many, 2, 'hub'), vm(many, 3, 'hub')];
    expect(electMaster(vms, null)).to.equal(2);
  });

  it('accepts a private VM behind a proxy host', () => {
    const text = `network a (outbound = 'no' and proxy_host = 'user@bastion')
      system leaf (net_interface.0.connection = 'a')`;
    expect(electMaster([vm(parseRadl(text), 4, 'leaf')], null)).to.equal(4);
  });
});

describe('externalAnsibleHosts', () => {
  it('lists the hosts of the document with what is needed to log in', () => {
    const text = `ansible a (host = '10.0.0.1' and credentials.username = 'u' and credentials.password = 'p')
      ansible b (host = '10.0.0.2' and credentials.username = 'v' and credentials.private_key = 'k')`;
    expect(externalAnsibleHosts(parseRadl(text))).to.deep.equal([
      { id: 'a', host: '10.0.0.1', username: 'u', password: 'p' },
      { id: 'b', host: '10.0.0.2', username: 'v', privateKey: 'k' },
    ]);
  });
});
