// SPDX-License-Identifier: Apache-2.0
// Documents to RADL: machines, networks, disks, recipes, steps, containers and functions.
import { expect } from 'chai';
import { parseTosca, toscaToRadl } from '../../src/tosca/index.js';
import { loadYaml } from '../../src/yaml.js';
import { document, environment, radlOf, toscaError } from './support.js';

const PLAYS = 'https://plays.example.org';
const play = (name: string): string =>
  `- hosts: all\n  connection: local\n  tasks:\n    - name: ${name}\n      debug: msg=${name}\n`;
const files: Readonly<Record<string, string>> = {
  [`${PLAYS}/one.yml`]: play('one'),
  [`${PLAYS}/two.yml`]: play('two'),
  [`${PLAYS}/pair.yml`]: play('first') + play('second'),
  [`${PLAYS}/run.sh`]: '#!/bin/sh\necho "it\'s \\ $MODE"\n',
  [`${PLAYS}/broken.yml`]: '- tasks: "',
  [`${PLAYS}/map.yml`]: 'a: b',
};
const software = (operations: string, name = 'app'): string =>
  document(`  node_templates:
    ${name}:
      type: tosca.nodes.SoftwareComponent
      requirements: [{host: vm}]
      interfaces: {Standard: {${operations}}}
    vm: {type: tosca.nodes.indigo.Compute}
`);

async function recipes(text: string, rules?: 'reference'): Promise<Readonly<Record<string, unknown>>> {
  const surroundings = environment(files, { rules });
  const { radl } = await toscaToRadl(await parseTosca(text, surroundings), surroundings);
  return Object.fromEntries(
    radl.configures.map(({ name, recipe }) => [name, recipe === null ? null : loadYaml(recipe)]),
  );
}

const translationError = async (text: string) => {
  const surroundings = environment(files);
  return (await toscaError(parseTosca(text, surroundings).then((parsed) => toscaToRadl(parsed, surroundings)))).message;
};

describe('machines', () => {
  it('get their features from os and host, sizes in bytes', async () => {
    const text = document(`  node_templates:
    vm:
      type: tosca.nodes.indigo.Compute
      properties: {tags: {a: b, c: d}}
      capabilities:
        os: {properties: {distribution: ubuntu, version: 22.04, image: alpine}}
        host: {properties: {num_cpus: 2, mem_size: 1.5 GB, preemtible_instance: true, instance_type: {get_input: t}}}
  inputs: {t: {type: string, default: small}}
`);
    const radl = await radlOf(text);
    for (const feature of [
      "instance_tags = 'a=b,c=d'",
      "disk.0.os.flavour = 'ubuntu'",
      "disk.0.os.version = '22.04'",
      "disk.0.image.url = 'docker://alpine'",
      'cpu.count >= 2',
      'memory.size >= 1500000000B',
      "spot = 'yes'",
      "instance_type = 'small'",
    ]) {
      expect(radl).to.contain(feature);
    }
  });

  it('are deployed as often as they ask for, where placement says', async () => {
    const text = document(`  node_templates:
    vm: {type: tosca.nodes.indigo.Compute, capabilities: {scalable: {properties: {count: 3}}}}
  policies: [{p: {type: tosca.policies.indigo.Placement, properties: {cloud_id: {get_input: c}}, targets: [vm]}}]
  inputs: {c: {type: string, default: mine}}
`);
    expect(await radlOf(text)).to.contain('deploy vm 3 mine');
  });

  it('open the ports of everything on them, also of ranges and sources', async () => {
    const text = document(`  node_templates:
    web:
      type: tosca.nodes.WebServer
      requirements: [{host: vm}]
      capabilities: {data_endpoint: {properties: {port: 8080}}}
    vm:
      type: tosca.nodes.indigo.Compute
      capabilities:
        endpoint:
          properties:
            network_name: PUBLIC
            ports: {a: {source: 80, remote_cidr: 10.0.0.0/8}, b: {source_range: [1000, 2000], protocol: udp}}
`);
    expect(await radlOf(text)).to.contain("outports = '8080/tcp-8080/tcp,10.0.0.0/8-80/tcp-80/tcp,1000:2000/udp'");
  });

  it('have one interface for each Port', async () => {
    const text = document(`  node_templates:
    net: {type: tosca.nodes.network.Network, properties: {network_type: public, network_name: ext}}
    port: {type: tosca.nodes.indigo.network.Port, properties: {order: 1, dns_name: www}, requirements: [{binding: vm}, {link: net}]}
    vm: {type: tosca.nodes.indigo.Compute}
`);
    const radl = await radlOf(text);
    expect(radl).to.contain("net_interface.1.connection = 'net'").and.to.contain("net_interface.1.dns.0.name = 'www'");
    expect(radl).to.contain("provider_id = 'ext'");
  });

  it('refuse interface numbers that are none', async () => {
    const text = document(`  inputs: {o: {type: integer, default: 100000}}
  node_templates:
    net: {type: tosca.nodes.network.Network}
    port: {type: tosca.nodes.network.Port, properties: {order: {get_input: o}}, requirements: [{binding: vm}, {link: net}]}
    vm: {type: tosca.nodes.indigo.Compute}
`);
    expect(await translationError(text)).to.contain('not a number from 0 to 999');
  });

  it('attach volumes once each, through relationships of any derived type', async () => {
    const text = document(
      `  node_templates:
    vm:
      type: tosca.nodes.indigo.Compute
      requirements:
        - local_storage: {node: a, relationship: {type: my.Mounts, properties: {location: /a}}}
        - local_storage: {node: b, relationship: {type: AttachesTo, properties: {location: /b, device: vdb}}}
    a: {type: tosca.nodes.BlockStorage, properties: {size: 1 GB}}
    b: {type: tosca.nodes.BlockStorage, properties: {size: 2 GiB}}
`,
      'relationship_types: {my.Base: {derived_from: tosca.relationships.AttachesTo}, my.Mounts: {derived_from: my.Base}}\n',
    );
    const radl = await radlOf(text);
    expect(radl).to.contain('disk.1.size = 1000000000B').and.to.contain('disk.2.size = 2147483648B');
    expect(radl).to.contain("disk.2.device = 'vdb'").and.not.to.contain('disk.3');
  });

  it('of several clouds do not share private networks', async () => {
    const vm = (name: string, image: string) =>
      `    ${name}: {type: tosca.nodes.indigo.Compute, capabilities: {os: {properties: {image: "${image}"}}}}\n`;
    const radl = await radlOf(
      document(
        `  node_templates:\n${vm('a', 'ost://one.example.org/i')}${vm('b', 'ost://two.example.org:5000/i')}${vm('c', 'ost://one.example.org/j')}`,
      ),
    );
    expect(radl).to.match(/system b \([^)]*connection = 'private\.two\.example\.org'/);
    expect(radl).to.match(/system c \([^)]*connection = 'private_net'/);
  });
});

describe('recipes', () => {
  it('hold the tasks of all operations in their fixed order, and all inputs as plain values', async () => {
    const inputs = '{q: \'say "hi"\', w: "C:\\\\new", n: 3, l: [1, two], v: {get_property: [SELF, component_version]}}';
    const text = software(
      `start: ${PLAYS}/two.yml, create: {implementation: ${PLAYS}/one.yml, inputs: ${inputs.replace(', v: {get_property: [SELF, component_version]}', '')}}`,
    );
    expect(await recipes(text)).to.deep.equal({
      app_vm_conf: [
        {
          vars: { q: 'say "hi"', w: 'C:\\new', n: 3, l: [1, 'two'] },
          tasks: [
            { name: 'one', debug: 'msg=one' },
            { name: 'two', debug: 'msg=two' },
          ],
        },
      ],
    });
  });

  it('keep all plays, each with the inputs; the reference loses those before the last operation', async () => {
    const text = software(`create: {implementation: ${PLAYS}/pair.yml, inputs: {x: 1}}, configure: ${PLAYS}/one.yml`);
    const task = (name: string) => ({ name, debug: `msg=${name}` });
    expect(await recipes(text)).to.deep.equal({
      app_vm_conf: [
        { vars: { x: 1 }, tasks: [task('first')] },
        { vars: { x: 1 }, tasks: [task('second')] },
        { vars: { x: 1 }, tasks: [task('one')] },
      ],
    });
    expect(await recipes(text, 'reference')).to.deep.equal({
      app_vm_conf: [{ vars: { x: 1 }, tasks: [task('first'), task('one')] }],
    });
  });

  it('copy scripts to the node and run them with the inputs as environment', async () => {
    const { app_vm_conf: plays } = await recipes(
      software(`configure: {implementation: ${PLAYS}/run.sh, inputs: {MODE: fast}}`),
    );
    expect(plays).to.have.nested.property('[0].tasks[0].copy.content', files[`${PLAYS}/run.sh`]);
    expect(plays).to.have.nested.property('[0].tasks[1].environment.MODE', 'fast');
  });

  it('that are no list of plays leave nothing', async () => {
    expect(await recipes(software(`configure: ${PLAYS}/map.yml`))).to.deep.equal({ app_vm_conf: null });
  });

  it('follow each other as the nodes depend on each other', async () => {
    const node = (name: string, requirements: string) =>
      `    ${name}: {type: tosca.nodes.SoftwareComponent, requirements: [${requirements}], interfaces: {Standard: {configure: ${PLAYS}/one.yml}}}\n`;
    const text = document(
      `  node_templates:\n${node('c', '{host: vm}, {dependency: b}')}${node('b', '{host: vm}, {dependency: a}')}${node('a', '{host: vm}')}    vm: {type: tosca.nodes.indigo.Compute}\n`,
    );
    const radl = await radlOf(text, environment(files));
    for (const [name, step] of [
      ['a', 2],
      ['b', 3],
      ['c', 4],
    ] as const) {
      expect(radl).to.contain(`system vm configure ${name}_vm_conf step ${step}`);
    }
  });

  it('of nodes that depend on each other in a circle are refused', async () => {
    const text = document(`  node_templates:
    a: {type: tosca.nodes.Root, requirements: [{dependency: b}]}
    b: {type: tosca.nodes.Root, requirements: [{dependency: a}]}
`);
    expect(await translationError(text)).to.contain('in a circle: a -> b -> a');
  });

  for (const [what, operation, message] of [
    [
      'cannot be fetched',
      `${PLAYS}/none.yml`,
      `Error downloading the implementation script '${PLAYS}/none.yml': Not Found\n404: Not Found`,
    ],
    ['is broken', `${PLAYS}/broken.yml`, 'Error parsing YAML: '],
    ['is a local file', 'file:///etc/hostname', "Implementation file: 'file:///etc/hostname' is not located"],
    ['is an absolute path', '/etc/hostname', "Implementation file: '/etc/hostname' is not located"],
    ['leaves the artifacts folder', '../../../../other/repo/main/x.yml', 'is not located'],
    ['has no implementation', '{inputs: {x: 1}}', 'has inputs but no implementation'],
  ] as const) {
    it(`whose implementation ${what} are refused`, async () => {
      expect(await translationError(software(`configure: ${operation}`))).to.contain(message);
    });
  }

  it('need a value for every input', async () => {
    const text = software(`configure: {implementation: ${PLAYS}/one.yml, inputs: {x: {get_attribute: [SELF, state]}}}`);
    expect(await translationError(text)).to.equal('input value for x in interface configure of node app not valid');
  });

  it('may run on a relationship, with its own properties and both ends', async () => {
    const text = document(
      `  node_templates:
    src: {type: my.Source, requirements: [{host: vm}, {feed: dst}], properties: {level: 4}}
    dst: {type: tosca.nodes.DBMS, properties: {port: 99}, requirements: [{host: vm}]}
    vm: {type: tosca.nodes.indigo.Compute}
`,
      `relationship_types:
  my.Feeds:
    derived_from: tosca.relationships.ConnectsTo
    properties: {rate: {type: integer, default: 7}}
    interfaces: {Configure: {pre_configure_source: {implementation: ${PLAYS}/one.yml, inputs: {r: {get_property: [SELF, rate]}, l: {get_property: [SOURCE, level]}, p: {get_property: [TARGET, port]}}}}}
node_types:
  my.Source:
    derived_from: tosca.nodes.SoftwareComponent
    properties: {level: {type: integer}}
    requirements: [{feed: {capability: tosca.capabilities.Node, relationship: my.Feeds}}]
`,
    );
    expect(await recipes(text))
      .to.have.nested.property('my\\.feeds_vm_src_conf[0].vars')
      .deep.equal({ r: 7, l: 4, p: 99 });
  });
});

describe('containers', () => {
  const text = document(
    `  node_templates:
    my_app:
      type: tosca.nodes.Container.Application.Docker
      properties: {environment: {A: "x,y", B: 1b}}
      requirements: [{host: run}]
      artifacts:
        image: {file: nginx, repository: hub, type: tosca.artifacts.Deployment.Image.Container.Docker}
        conf: {file: "", deploy_path: /etc/x, type: tosca.artifacts.File, properties: {content: hello}}
        other: {file: x, repository: none, type: tosca.artifacts.File}
    run: {type: tosca.nodes.Container.Runtime.Docker, capabilities: {host: {properties: {num_cpus: 0.5, publish_ports: [{target: 80, source: 30080}]}}}}
  policies: [{p: {type: tosca.policies.indigo.Placement, properties: {cloud_id: kube}, targets: [my_app]}}]
`,
    'repositories: {hub: "https://registry.example.org/"}\n',
  );

  it('become systems named after the identity of the document', async () => {
    const radl = await radlOf(text);
    for (const part of [
      'system my-app-12345678 (',
      "disk.0.image.url = 'docker://registry.example.org/nginx'",
      "disk.1.content = 'hello'",
      'environment.variables = \'A="x,y",B=1b\'',
      'cpu.count = 0.5',
      "outports = '30080/tcp-80/tcp'",
      'deploy my-app-12345678 1 kube',
    ]) {
      expect(radl).to.contain(part);
    }
  });
});
