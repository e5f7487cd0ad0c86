// SPDX-License-Identifier: Apache-2.0
// Whatever is posted, the answer is a translation or a clean error; never a crash.
import { expect } from 'chai';
import fc from 'fast-check';
import { evaluateOutputs, parseTosca, serializeTosca, ToscaError, toscaToRadl } from '../../src/tosca/index.js';
import { dumpYaml, loadYaml } from '../../src/yaml.js';
import { document, environment, infrastructure, vm } from './support.js';

const RUNS = Number(process.env.IM_FUZZ_RUNS ?? 600);

const SEED = document(
  `  inputs: {n: {type: integer, default: 2}, s: {type: string, default: random(3)}, m: {type: map, default: {a: {get_input: s}}}}
  node_templates:
    net: {type: tosca.nodes.indigo.network.Network, properties: {network_type: public, proxy_host: h, proxy_credential: {user: u, token: t}}}
    port: {type: tosca.nodes.indigo.network.Port, properties: {order: 0}, requirements: [{binding: vm}, {link: net}]}
    disk: {type: tosca.nodes.BlockStorage, properties: {size: 1 GB}}
    vm:
      type: tosca.nodes.indigo.Compute
      capabilities:
        scalable: {properties: {count: {get_input: n}, removal_list: ['1']}}
        os: {properties: {image: ost://h/i, credential: {user: u, token: t}}}
        host: {properties: {num_cpus: 2, mem_size: 1 GB}}
        endpoint: {properties: {network_name: PUBLIC, ports: {p: {source: 80}}, dns_name: {concat: [a, {get_input: s}]}}}
      requirements: [{local_storage: {node: disk, relationship: {type: AttachesTo, properties: {location: /x}}}}]
    app:
      type: tosca.nodes.DBMS
      properties: {port: 33, root_password: {get_property: [vm, os, image]}}
      requirements: [{host: vm}]
      artifacts: {r: {file: role, type: tosca.artifacts.AnsibleGalaxy.role}}
      interfaces: {Standard: {configure: {implementation: "https://p/x.yml", inputs: {a: {get_attribute: [HOST, private_address, 0]}, b: {token: [a-b, "-", 1]}}}}}
    box:
      type: tosca.nodes.Container.Application.Docker
      properties: {environment: {A: b}, command: [x]}
      requirements: [{host: run}]
      artifacts: {i: {file: nginx, type: tosca.artifacts.Deployment.Image.Container.Docker}}
    run: {type: tosca.nodes.Container.Runtime.Docker, capabilities: {host: {properties: {mem_size: 1 GB, publish_ports: [{target: 80}], volumes: ["disk:/d"]}}}}
    fun: {type: tosca.nodes.aisprint.FaaS.Function, properties: {name: f, memory: 1 GB, image: x, script: y, env_variables: {A: b}}}
  outputs: {o: {value: {get_attribute: [vm, endpoint, credential, 0, user]}}, e: {value: {get_attribute: [box, endpoints]}}}
  groups: {g: {type: tosca.groups.Root, members: [vm]}}
  policies: [{p: {type: tosca.policies.indigo.Placement, properties: {cloud_id: c}, targets: [g]}}]
`,
  `repositories: {r: {url: "https://r.example.org/"}}
metadata: {infra_name: x}
node_types: {my.T: {derived_from: tosca.nodes.DBMS, properties: {q: {type: my.D, required: false}}}}
data_types: {my.D: {properties: {a: {type: integer, constraints: [{in_range: [1, 5]}]}}}}
`,
);

type Node = string | number | boolean | null | Node[] | { [key: string]: Node };

/** All places in a value, as paths. */
function places(value: unknown, path: readonly string[] = []): (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([key, item]) => places(item, [...path, key]))];
}

/** The value with another one at the path; undefined removes the place. */
function replaced(value: unknown, [key, ...rest]: readonly string[], other: unknown): unknown {
  if (key === undefined) return other;
  if (Array.isArray(value))
    return value.flatMap((item, index) =>
      String(index) === key ? [replaced(item, rest, other)].filter((part) => part !== undefined) : [item],
    );
  const entries = Object.entries(typeof value === 'object' && value !== null ? value : {});
  return Object.fromEntries(
    entries
      .map(([name, item]) => [name, name === key ? replaced(item, rest, other) : item])
      .filter(([, item]) => item !== undefined),
  );
}

const seed = loadYaml(SEED);
const allPlaces = places(seed);

const odd = fc.oneof(
  fc.constantFrom<unknown>(undefined, null, '', 0, -1, 1.5, true, [], {}, 'SELF', 'HOST', 'UNBOUNDED', 1e300),
  fc.constantFrom<unknown>(
    { get_input: 'n' },
    { get_input: [] },
    { get_property: ['SELF', 'port'] },
    { get_property: ['HOST', 'host', 'num_cpus'] },
    { get_attribute: ['vm', 'private_address', 0] },
    { get_attribute: ['SELF', 'endpoint', 'credential'] },
    { get_operation_output: ['SELF', 'Standard', 'configure', 'x'] },
    { concat: [{ get_input: 'm' }, null] },
    { token: ['a', 'b', 0] },
    { get_artifact: ['SELF', 'r'] },
    { node: 'vm', relationship: { type: 'tosca.relationships.HostedOn' } },
  ),
  fc.constantFrom(...allPlaces.map((path) => path.at(-1) ?? '')),
  fc.json({ maxDepth: 3 }).map((text): Node => JSON.parse(text)),
  fc.string(),
);

async function survives(text: string): Promise<void> {
  const surroundings = environment({ 'https://p/x.yml': '- hosts: all\n  tasks: [{debug: msg=1}]\n' });
  try {
    const parsed = await parseTosca(text, surroundings);
    serializeTosca(parsed);
    const running = infrastructure([vm(0, "system vm (disk.0.image.url = 'ost://g/i')"), vm(1, 'system vm ()')]);
    evaluateOutputs(parsed, running);
    await toscaToRadl(parsed, surroundings, running);
  } catch (error) {
    if (!(error instanceof ToscaError)) throw error;
    expect(error.message).not.to.equal('');
  }
}

describe('hostile documents', function () {
  this.timeout(120_000);

  it('the seed itself is translated', async () => {
    const surroundings = environment({ 'https://p/x.yml': '- tasks: []\n' });
    const parsed = await parseTosca(SEED, surroundings);
    const { radl } = await toscaToRadl(parsed, surroundings);
    expect(radl.systems.map(({ name }) => name)).to.deep.equal(['vm', 'box-12345678', 'fun']);
  });

  it('with any parts replaced are translated or refused', async () => {
    const changes = fc.array(fc.tuple(fc.constantFrom(...allPlaces), odd), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(changes, async (list) => {
        const changed = list.reduce<unknown>((value, [path, other]) => replaced(value, path, other), seed);
        await survives(dumpYaml(changed));
      }),
      { numRuns: RUNS },
    );
  });

  it('of any text are refused', async () => {
    await fc.assert(fc.asyncProperty(fc.string({ unit: 'grapheme', maxLength: 200 }), survives), { numRuns: RUNS });
  });
});
