// SPDX-License-Identifier: Apache-2.0
// TOSCA: milliseconds per template against reading its YAML alone, and whether the cost is flat per node.
import { fileURLToPath } from 'node:url';
import { parseTosca, readShippedTypes, type ToscaEnvironment, toscaToRadl } from '../src/tosca/index.js';
import { loadYaml } from '../src/yaml.js';
import { best, row } from './measure.js';

const PLAYBOOK = '---\n- hosts: all\n  tasks:\n    - name: Say it\n      debug: msg="{{ front_end_ip }}"\n';
const NODES = [5, 50, 500, 2000];

const environment: ToscaEnvironment = {
  fetch: async () => PLAYBOOK,
  types: readShippedTypes(fileURLToPath(new URL('../tosca/types', import.meta.url))),
  credentials: [],
  randomText: (length) => 'x'.repeat(length),
  documentId: '12345678-0000-4000-8000-000000000000',
};

/** A cluster in the manner of the public templates: machines with software on them that reads the front end's address. */
function cluster(nodes: number): string {
  const parts = [
    'tosca_definitions_version: tosca_simple_yaml_1_0',
    'imports:',
    '  - grycap: https://raw.githubusercontent.com/grycap/tosca/main/custom_types.yaml',
    'topology_template:',
    '  inputs:',
    '    cpus: {type: integer, default: 2, constraints: [{valid_values: [1, 2, 4, 8]}]}',
    '    mem: {type: scalar-unit.size, default: 4 GiB}',
    '  node_templates:',
    '    front:',
    '      type: tosca.nodes.indigo.Compute',
    '      capabilities: {endpoint: {properties: {network_name: PUBLIC, ports: {http: {source: 80}}}}}',
  ];
  for (let index = 1; 2 * index < nodes; index += 1) {
    parts.push(
      `    wn${index}:`,
      '      type: tosca.nodes.indigo.Compute',
      '      capabilities:',
      '        host: {properties: {num_cpus: {get_input: cpus}, mem_size: {get_input: mem}}}',
      '        os: {properties: {distribution: ubuntu, type: linux, image: "ost://cloud.example.org/image"}}',
      '        scalable: {properties: {count: 2}}',
      `    lrms${index}:`,
      '      type: tosca.nodes.indigo.LRMS.WorkerNode.Slurm',
      '      properties: {front_end_ip: {get_attribute: [front, private_address, 0]}}',
      `      requirements: [{host: wn${index}}, {dependency: front}]`,
    );
  }
  parts.push('  outputs:', '    address: {value: {get_attribute: [front, public_address, 0]}}');
  return `${parts.join('\n')}\n`;
}

/** See the top of the file. */
export async function benchTosca(): Promise<void> {
  row('nodes', 'parse ms', 'translate ms', 'µs per node', '× reading YAML');
  for (const nodes of NODES) {
    const text = cluster(nodes);
    const document = await parseTosca(text, environment);
    const runs = Math.max(5, Math.floor(1000 / nodes));
    const yaml = await best(runs, () => loadYaml(text));
    const parse = await best(runs, () => parseTosca(text, environment));
    const translate = await best(runs, () => toscaToRadl(document, environment));
    row(nodes, parse, translate, ((parse + translate) * 1000) / nodes, (parse + translate) / yaml);
  }
}
