// SPDX-License-Identifier: Apache-2.0
// Constructs that public templates are made of, together in the way they use them.
import { expect } from 'chai';
import { document, environment, radlOf } from './support.js';

const files: Readonly<Record<string, string>> = {
  'https://raw.githubusercontent.com/grycap/tosca/main/artifacts/ec3_install.yml': '- tasks: [{name: install}]\n',
  'https://raw.githubusercontent.com/grycap/tosca/main/artifacts/lrms/slurm_fe_install.yml':
    '- tasks: [{name: front}]\n',
  'https://raw.githubusercontent.com/grycap/tosca/main/artifacts/lrms/slurm_wn_install.yml':
    '- tasks: [{name: worker}]\n',
  'https://raw.githubusercontent.com/grycap/tosca/main/artifacts/glusterfs/glusterfs_install.yml':
    '- tasks: [{name: share}]\n',
};

const CLUSTER = `  inputs:
    wn_num: {type: integer, default: 2, required: yes}
    wn_mem: {type: integer, default: 4096}
    mount: {type: string, default: /mnt/gluster}
  node_templates:
    lrms_front_end:
      type: tosca.nodes.indigo.LRMS.FrontEnd.Slurm
      properties: {wn_ips: {get_attribute: [lrms_wn, private_address]}}
      requirements: [{host: lrms_server}]
    lrms_server:
      type: tosca.nodes.indigo.Compute
      capabilities:
        endpoint: {properties: {dns_name: slurmserver, network_name: PUBLIC, additional_dns_names: [{concat: ['*@', get_input: mount]}]}}
    wn_node:
      type: tosca.nodes.indigo.LRMS.WorkerNode.Slurm
      properties: {front_end_ip: {get_attribute: [lrms_server, private_address, 0]}}
      requirements: [{host: lrms_wn}]
    lrms_wn:
      type: tosca.nodes.indigo.Compute
      capabilities:
        scalable: {properties: {count: {get_input: wn_num}}}
        endpoint: {properties: {dns_name: 'vnode-#N#'}}
        host: {properties: {mem_size: {concat: [{get_input: wn_mem}, ' MiB']}}}
      requirements:
        - local_storage:
            node: volume
            capability: tosca.capabilities.Attachment
            relationship:
              type: tosca.relationships.AttachesTo
              properties: {location: {get_input: mount}}
              interfaces:
                Standard:
                  pre_configure_source:
                    implementation: https://raw.githubusercontent.com/grycap/tosca/main/artifacts/glusterfs/glusterfs_install.yml
                    inputs: {where: {get_property: [SELF, location]}, options: {get_property: [TARGET, options]}}
    volume: {type: tosca.nodes.indigo.GlusterFSVolume, properties: {wn_ips: {get_attribute: [lrms_wn, private_address]}}}
`;

describe('public templates', () => {
  it('make a batch cluster with a shared volume', async () => {
    const radl = await radlOf(document(CLUSTER), environment(files));
    for (const part of [
      "net_interface.0.dns_name = 'vnode-#N#'",
      "net_interface.1.dns.0.name = '*@/mnt/gluster'",
      'memory.size >= 4294967296B',
      'configure tosca.relationships.attachesto_lrms_wn_lrms_wn_conf (',
      'where: /mnt/gluster',
      'deploy lrms_wn 2',
    ]) {
      expect(radl).to.contain(part);
    }
    expect(radl).not.to.contain('disk.1');
  });

  it('make it elastic without saying where the manager is hosted', async () => {
    const elastic = `    elastic:
      type: tosca.nodes.ec3.ElasticCluster
      properties: {config_options: [{section: s, option: o, value: {get_input: wn_num}}]}
      capabilities: {endpoint: {properties: {port: 8800, protocol: tcp}}}
      requirements: [{lrms: lrms_front_end}, {wn: wn_node}]
`;
    const radl = await radlOf(document(CLUSTER + elastic), environment(files));
    expect(radl).to.contain("outports = '8800/tcp-8800/tcp'");
    expect(radl).to.contain('system lrms_server configure elastic_lrms_server_conf step 3');
    expect(radl).to.contain("name = 'ansible.roles.grycap.clues'");
  });
});
