// SPDX-License-Identifier: Apache-2.0
// The TOSCA cluster of the end-to-end tests: a front that leads workers, with types, playbooks and a script of its own.
import { DOCKER_IMAGE } from '../support/docker-cloud.js';

/** What differs from document to document. */
export interface ClusterWishes {
  readonly workers: number;
  readonly greeting?: string;
  /** VM numbers. */
  readonly removalList?: readonly string[];
}

/** A type that says what a worker does. Its recipe is given by the document, since the file does not know where it is served. */
const TYPES = `
tosca_definitions_version: tosca_simple_yaml_1_0
node_types:
  example.nodes.Greeter:
    derived_from: tosca.nodes.SoftwareComponent
    description: Writes a greeting to the machine.
    properties:
      greeting: {type: string, required: true}
      file: {type: string, default: /etc/greeting}
`;

const GREET = `
- hosts: all
  tasks:
    - name: Write the greeting
      ansible.builtin.copy:
        dest: "{{ file }}"
        content: "{{ greeting }} from {{ IM_NODE_HOSTNAME }}\\n"
`;

const LEAD = `
- hosts: all
  tasks:
    - name: Write the members
      ansible.builtin.copy:
        dest: /etc/members
        content: "{{ members | sort | join(' ') }}\\n"
    - name: Count the members
      ansible.builtin.debug:
        msg: "{{ members | length }} members"
`;

/** Files that the document refers to, by path. */
export const CLUSTER_FILES: ReadonlyMap<string, string> = new Map([
  ['/types.yaml', TYPES],
  ['/greet.yml', GREET],
  ['/lead.yml', LEAD],
  ['/prepare.sh', '#!/bin/sh\nset -e\necho "prepared for $purpose" >/etc/prepared\n'],
]);

/** @param base where the files are served */
export const toscaCluster = (
  base: string,
  { workers, greeting = 'hello', removalList = [] }: ClusterWishes,
): string => `
tosca_definitions_version: tosca_simple_yaml_1_0
imports:
  - https://raw.githubusercontent.com/grycap/tosca/main/custom_types.yaml
  - ${base}/types.yaml
description: A front and its workers
metadata:
  infra_name: the cluster
  template_name: cluster-of-the-test
topology_template:
  inputs:
    workers:
      type: integer
      default: ${workers}
      constraints:
        - in_range: [0, 5]
    greeting:
      type: string
      default: ${JSON.stringify(greeting)}
    secret:
      type: string
      default: random(12)
  node_templates:
    leader:
      type: tosca.nodes.SoftwareComponent
      requirements:
        - host: front
      interfaces:
        Standard:
          create:
            implementation: ${base}/prepare.sh
            inputs:
              purpose: { concat: [ "leading, ", { get_input: greeting } ] }
          configure:
            implementation: ${base}/lead.yml
            inputs:
              members: { get_attribute: [ wn, private_address ] }
    greeter:
      type: example.nodes.Greeter
      properties:
        greeting: { get_input: greeting }
      requirements:
        - host: wn
      interfaces:
        Standard:
          configure:
            implementation: ${base}/greet.yml
            inputs:
              greeting: { get_property: [ SELF, greeting ] }
              file: { get_property: [ SELF, file ] }
    front:
      type: tosca.nodes.indigo.Compute
      capabilities:
        endpoint:
          properties:
            network_name: PUBLIC
            dns_name: front
        host:
          properties: { num_cpus: 1, mem_size: 512 MB }
        os:
          properties: { type: linux, image: ${DOCKER_IMAGE} }
    wn:
      type: tosca.nodes.indigo.Compute
      capabilities:
        scalable:
          properties:
            count: { get_input: workers }
            removal_list: ${JSON.stringify(removalList)}
        host:
          properties: { num_cpus: 1, mem_size: 512 MB }
        os:
          properties: { type: linux, image: im-node:latest }
  outputs:
    node_creds:
      description: How to log in to the front
      value: { get_attribute: [ front, endpoint, credential, 0 ] }
    front_address:
      value: { get_attribute: [ front, public_address, 0 ] }
    front_url:
      value: { concat: [ "http://", { get_attribute: [ front, private_address, 0 ] }, "/" ] }
    worker_addresses:
      value: { get_attribute: [ wn, private_address ] }
    members:
      value: { get_attribute: [ front, ansible_output, leader_front_conf_front, tasks, Count the members, output ] }
    secret:
      value: { get_input: secret }
`;
