// SPDX-License-Identifier: Apache-2.0
// Inputs: what is enforced, special defaults, and template files.
import { expect } from 'chai';
import { parseTosca, serializeTosca } from '../../src/tosca/index.js';
import { loadYaml } from '../../src/yaml.js';
import { document, environment, radlOf, toscaError } from './support.js';

const withInputs = (inputs: string): string => document(`  inputs: {${inputs}}\n  node_templates: {}\n`);

describe('inputs', () => {
  it('must fulfil their constraints', async () => {
    const text = withInputs('n: {type: integer, default: 3, constraints: [{valid_values: [1, 2]}]}');
    const { message } = await toscaError(parseTosca(text, environment()));
    expect(message).to.contain('The value "3" of property "n" is not valid. Expected a value from "[1, 2]".');
    await parseTosca(text, environment({}, { rules: 'reference' }));
  });

  it('compare sizes by what they mean', async () => {
    await parseTosca(
      withInputs('m: {type: scalar-unit.size, default: 4096 MiB, constraints: [{valid_values: [4 GiB]}]}'),
      environment(),
    );
  });

  it('that say they are required need a value', async () => {
    const { message } = await toscaError(parseTosca(withInputs('n: {type: string, required: true}'), environment()));
    expect(message).to.contain('Input "n" is required and has no value');
    await parseTosca(withInputs('n: {type: string}, m: {type: string, required: true, default: ""}'), environment());
  });

  it('get random texts and tokens, only where the whole default asks for them', async () => {
    const text = withInputs(
      'a: {type: string, default: random(5)}, b: {type: string, default: access_token()}, c: {type: string, default: "x random(5)"}, d: {type: list, default: [random(5)]}',
    );
    const surroundings = environment({}, { credentials: [{ type: 'InfrastructureManager', token: 'TOKEN' }] });
    const parsed = await parseTosca(text, surroundings);
    const defaults = Object.fromEntries([...parsed.template.inputs].map(([name, { value }]) => [name, value]));
    expect(defaults).to.deep.equal({ a: 'rrrrr', b: 'TOKEN', c: 'x random(5)', d: ['random(5)'] });
    expect([...parsed.generatedInputs]).to.deep.equal(['a']);
    expect([...parsed.tokenInputs]).to.deep.equal(['b']);
  });

  it('keep their exact form: fractions, versions, octal texts', async () => {
    const parsed = await parseTosca(
      withInputs('v: {type: float, default: 2.0}, w: {type: string, default: "010"}'),
      environment(),
    );
    expect(serializeTosca(parsed))
      .to.contain('default: 2.0')
      .and.to.match(/default: ['"]010['"]/);
  });
});

describe('template_file', () => {
  const BASE = 'https://repo.example.org/templates/base.yaml';
  const base = document(
    '  inputs: {cpus: {type: integer, default: 2}}\n  node_templates: {box: {type: tosca.nodes.indigo.Compute, capabilities: {host: {properties: {num_cpus: {get_input: cpus}}}}}}\n',
  );
  const client = (file: string, rest = ''): string =>
    `tosca_definitions_version: tosca_simple_yaml_1_0\nimports: [{template_file: ${file}}]\n${rest}`;
  const surroundings = () =>
    environment({ [BASE]: base }, { allowedRepository: 'https://repo.example.org/templates/' });

  it('brings its document, with the inputs of the client', async () => {
    const text = client('base.yaml', 'topology_template: {inputs: {cpus: 8}}\n');
    expect(await radlOf(text, surroundings())).to.contain('cpu.count >= 8');
    const kept = loadYaml(serializeTosca(await parseTosca(text, surroundings())));
    expect(kept).to.have.nested.property('topology_template.inputs.cpus.default', 8);
  });

  for (const file of [
    'https://elsewhere.example.org/base.yaml',
    'https://repo.example.org/templates/../secret.yaml',
    '../secret.yaml',
    '//elsewhere.example.org/x.yaml',
    'https://repo.example.org.evil.example/templates/base.yaml',
  ]) {
    it(`must be inside the repository: ${file}`, async () => {
      const own = surroundings();
      const { message } = await toscaError(parseTosca(client(file), own));
      expect(message).to.equal(
        'Error parsing TOSCA template: The TOSCA template must be imported from the TOSCA repository: https://repo.example.org/templates/',
      );
      expect(own.asked).to.deep.equal([]);
    });
  }
});
