// SPDX-License-Identifier: Apache-2.0
// Tests the lines of /etc/hosts (contextualization.md §10).
import { expect } from 'chai';
import { makePlan } from '../../../src/contextualization/plan/index.js';
import { parseRadl } from '../../../src/radl/index.js';
import { cluster, clusterVms, planInput, vm } from './builders.js';

describe('/etc/hosts', () => {
  it('has a line per named interface, and the default name for a VM without one', () => {
    const radl = cluster();
    radl.getSystem('front')?.features.setText('net_interface.1.dns_name', 'frontpriv');
    expect(makePlan(planInput(radl, clusterVms(radl, 1))).etcHosts).to.equal(
      '10.214.0.11 front.example.org front\n10.214.1.250 frontpriv.localdomain frontpriv\n10.214.1.11 vnode-1.localdomain vnode-1\n',
    );
  });

  it('keeps the VMs of a system together, systems in the order of their first VM', () => {
    const radl = cluster();
    const vms = [
      vm(radl, 0, 'wn', { ips: { 0: '10.0.0.1' } }),
      vm(radl, 1, 'front', { ips: { 0: '8.0.0.1' } }),
      vm(radl, 2, 'wn', { ips: { 0: '10.0.0.2' } }),
    ];
    const addresses = makePlan(planInput(radl, vms))
      .etcHosts.split('\n')
      .map((line) => line.split(' ')[0]);
    expect(addresses).to.deep.equal(['10.0.0.1', '10.0.0.2', '8.0.0.1', '']);
  });

  it('takes the first address of the VM for a named interface that has none', () => {
    const radl = cluster();
    radl.getSystem('front')?.features.setText('net_interface.1.dns_name', 'inner');
    const { etcHosts } = makePlan(planInput(radl, [vm(radl, 0, 'front', { ips: { 0: '8.0.0.1' } })]));
    expect(etcHosts).to.equal('8.0.0.1 front.example.org front\n8.0.0.1 inner.localdomain inner\n');
  });

  it('writes the default line once, however many interfaces there are', () => {
    const radl = parseRadl(`network a (outbound = 'yes')
      network b (outbound = 'no')
      system s (net_interface.0.connection = 'a' and net_interface.1.connection = 'b')`);
    const vms = [vm(radl, 3, 's', { ips: { 0: '8.0.0.1', 1: '10.0.0.1' } })];
    expect(makePlan(planInput(radl, vms)).etcHosts).to.equal('8.0.0.1 vnode-3.localdomain vnode-3\n');
  });

  it('has the VMs that are stopped, and leaves out those with contextualization disabled or without address', () => {
    const radl = cluster('configure front ()');
    const vms = [
      vm(radl, 0, 'front', { ips: { 0: '8.0.0.1' } }),
      vm(radl, 1, 'wn', { ips: { 0: '10.0.0.1' }, cloudState: 'stopped' }),
      vm(radl, 2, 'wn'),
    ];
    expect(makePlan(planInput(radl, vms)).etcHosts).to.equal('10.0.0.1 vnode-1.localdomain vnode-1\n');
  });

  it('never writes a name that is no host name: the default one stands for it, and a warning says so', () => {
    const radl = cluster();
    radl.getSystem('front')?.features.setText('net_interface.0.dns_name', 'x\n6.6.6.6 bank');
    const plan = makePlan(planInput(radl, clusterVms(radl, 0)));
    expect(plan.etcHosts).to.equal('10.214.0.11 vnode-0.localdomain vnode-0\n');
    expect(plan.bootstrap[0]?.hostname).to.equal('vnode-0');
    expect(plan.warnings.join()).to.contain('net_interface.0.dns_name of the VM 0');
  });
});
