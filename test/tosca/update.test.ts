// SPDX-License-Identifier: Apache-2.0
// New documents for running infrastructures: merge, what is added and removed, identity, and the stored form.
import { expect } from 'chai';
import {
  alignTosca,
  loadStoredTosca,
  mergeTosca,
  parseTosca,
  serializeTosca,
  storeTosca,
  type ToscaDocument,
  type ToscaEnvironment,
  toscaToRadl,
} from '../../src/tosca/index.js';
import { loadYaml } from '../../src/yaml.js';
import { document, environment, infrastructure, toscaError, types, vm } from './support.js';

const workers = (properties: string, inputs = ''): string =>
  document(
    `${inputs}  node_templates:\n    wn: {type: tosca.nodes.indigo.Compute, capabilities: {scalable: {properties: {${properties}}}}}\n`,
  );
const wn = (number: number, createdAt: number, isDestroyed = false) =>
  vm(number, 'system wn ()', { createdAt, isDestroyed });

async function merged(
  first: string,
  second: string,
  surroundings: ToscaEnvironment = environment(),
): Promise<ToscaDocument> {
  return mergeTosca(await parseTosca(first, surroundings), await parseTosca(second, surroundings), surroundings);
}

async function change(properties: string, vms: Parameters<typeof infrastructure>[0]) {
  const surroundings = environment();
  const { radl, removedVms } = await toscaToRadl(
    await parseTosca(workers(properties), surroundings),
    surroundings,
    infrastructure(vms),
  );
  return { deploys: radl.deploys.map(({ system, count }) => [system, count]), removedVms };
}

describe('updates', () => {
  it('deploy only what is missing', async () => {
    expect(await change('count: 3', [wn(0, 5), wn(1, 6, true)])).to.deep.equal({
      deploys: [['wn', 2]],
      removedVms: [],
    });
  });

  it('remove the oldest, or those that are listed', async () => {
    const vms = [wn(0, 30), wn(1, 10), wn(2, 20)];
    expect(await change('count: 1', vms)).to.deep.equal({ deploys: [], removedVms: [1, 2] });
    expect(await change("count: 1, removal_list: ['2', '0', '1']", vms)).to.deep.equal({
      deploys: [],
      removedVms: [2, 0],
    });
    expect(await change("count: 1, removal_list: ['2']", vms)).to.deep.equal({ deploys: [], removedVms: [2] });
    expect(await change("count: 3, removal_list: ['2']", vms)).to.deep.equal({ deploys: [], removedVms: [] });
  });

  it('refuse removal lists that hold no numbers', async () => {
    const error = await toscaError(change('count: 0, removal_list: [x]', [wn(0, 1)]));
    expect(error.message).to.contain('which is not the number of a VM');
  });

  it('merge maps by key and lists by position, and remove nothing', async () => {
    const first = document(
      '  node_templates: {a: {type: tosca.nodes.indigo.Compute, properties: {tags: {x: "1", y: "2"}}}}\n',
    );
    const second = document(
      '  node_templates: {a: {type: tosca.nodes.indigo.Compute, properties: {tags: {y: "3"}}}, b: {type: tosca.nodes.Compute}}\n',
    );
    const shown = loadYaml(serializeTosca(await merged(first, second)));
    expect(shown)
      .to.have.nested.property('topology_template.node_templates.a.properties.tags')
      .deep.equal({ x: '1', y: '3' });
    expect(shown).to.have.nested.property('topology_template.node_templates.b');
  });

  it('leave the stored document alone when the result is not valid', async () => {
    const surroundings = environment();
    const stored = await parseTosca(workers('count: 1'), surroundings);
    const before = serializeTosca(stored);
    const replaced = document(
      '  node_templates: {wn: {type: tosca.nodes.DBMS, requirements: [{host: x}]}, x: {type: tosca.nodes.Compute}}\n',
    );
    const update = await parseTosca(replaced, surroundings);
    const error = await toscaError(mergeTosca(stored, update, surroundings));
    expect(error.message).to.match(/^\nThe pre-parsed input failed validation/);
    expect(serializeTosca(stored)).to.equal(before);
  });

  it('keep random texts that were made before', async () => {
    let letter = 0;
    const randomText = (length: number) => String.fromCharCode(97 + letter++).repeat(length);
    const text = workers('count: 1', '  inputs: {p: {type: string, default: random(4)}}\n');
    const result = await merged(text, text, environment({}, { randomText }));
    expect(result.template.inputs.get('p')?.value).to.equal('aaaa');
    const chosen = workers('count: 1', '  inputs: {p: {type: string, default: mine}}\n');
    expect((await merged(text, chosen, environment({}, { randomText }))).template.inputs.get('p')?.value).to.equal(
      'mine',
    );
  });

  it('that are only read for an infrastructure have its random texts and its container names, and nothing else of it', async () => {
    let letter = 0;
    const randomText = (length: number) => String.fromCharCode(97 + letter++).repeat(length);
    const first = workers('count: 1', '  inputs: {p: {type: string, default: random(4)}, q: {type: string}}\n');
    const second = workers('count: 2', '  inputs: {p: {type: string, default: random(4)}}\n');
    const stored = await parseTosca(first, environment({}, { randomText, documentId: 'the-first' }));
    const read = await parseTosca(second, environment({}, { randomText, documentId: 'the-second' }));
    const aligned = await alignTosca(stored, read, environment());
    expect([aligned.id, aligned.template.documentId]).to.deep.equal(['the-first', 'the-first']);
    expect([...aligned.template.inputs].map(([name, { value }]) => [name, value])).to.deep.equal([['p', 'aaaa']]);
    expect(read.template.inputs.get('p')?.value).to.equal('bbbb');
  });

  it('recognise containers that were named by an identity that got lost', async () => {
    const text = document(`  node_templates:
    app:
      type: tosca.nodes.Container.Application.Docker
      requirements: [{host: run}]
      artifacts: {image: {file: nginx, type: tosca.artifacts.Deployment.Image.Container.Docker}}
    run: {type: tosca.nodes.Container.Runtime.Docker}
`);
    const surroundings = environment();
    const running = infrastructure([vm(0, 'system app-deadbeef ()')]);
    const { radl, removedVms } = await toscaToRadl(await parseTosca(text, surroundings), surroundings, running);
    expect(radl.systems.map(({ name }) => name)).to.deep.equal(['app-deadbeef']);
    expect(radl.deploys.map(({ count }) => count)).to.deep.equal([0]);
    expect(removedVms).to.deep.equal([]);
  });
});

describe('stored documents', () => {
  const OWN = 'https://types.site.example/own.yaml';
  const own =
    'tosca_definitions_version: tosca_simple_yaml_1_0\nnode_types: {my.Vm: {derived_from: tosca.nodes.indigo.Compute}}\n';
  const text = `tosca_definitions_version: tosca_simple_yaml_1_0
imports: [{im: "https://raw.githubusercontent.com/grycap/tosca/main/custom_types.yaml"}, {own: "${OWN}"}]
topology_template:
  inputs: {p: {type: string, default: random(6)}}
  node_templates: {z: {type: my.Vm}, a: {type: tosca.nodes.indigo.Compute}}
  outputs: {ip: {value: {get_attribute: [a, private_address, 0]}}}
`;

  it('come back as they were, with their identity, types and marks, without the network', async () => {
    const stored = await parseTosca(text, environment({ [OWN]: own }));
    const loaded = await loadStoredTosca(storeTosca(stored, { types }), { types, documentId: 'another' });
    expect(loaded.id).to.equal(stored.id);
    expect(serializeTosca(loaded)).to.equal(serializeTosca(stored));
    expect([...loaded.template.nodes].map(([name, { rootType }]) => [name, rootType])).to.deep.equal([
      ['z', 'tosca.nodes.Compute'],
      ['a', 'tosca.nodes.Compute'],
    ]);
    expect([...loaded.generatedInputs]).to.deep.equal(['p']);
  });

  it('do not repeat the shipped types', async () => {
    const stored = await parseTosca(text, environment({ [OWN]: own }));
    expect(storeTosca(stored, { types })).to.have.lengthOf.below(2000);
  });

  it('of grycap/im are plain YAML; what cannot be had of their types leaves gaps only', async () => {
    const stored = await parseTosca(text, environment({ [OWN]: own }));
    const loaded = await loadStoredTosca(serializeTosca(stored), { types, documentId: 'infrastructure-id' });
    expect(loaded.id).to.equal('infrastructure-id');
    expect([...loaded.template.nodes.keys()]).to.deep.equal(['a']);
    expect(loadYaml(serializeTosca(loaded))).to.deep.equal(loadYaml(serializeTosca(stored)));
  });
});
