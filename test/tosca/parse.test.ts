// SPDX-License-Identifier: Apache-2.0
// Reading documents: all problems at once, with places and hints, and clean errors for whatever is thrown at it.
import { expect } from 'chai';
import { parseTosca } from '../../src/tosca/index.js';
import { document, environment, radlOf, TYPES_URL, toscaError } from './support.js';

const fail = async (text: string) => toscaError(parseTosca(text, environment()));

describe('parseTosca', () => {
  it('reports all independent problems together, each with place and hint', async () => {
    const text = document(`  inputs:
    i: {type: integer, default: x}
  node_templates:
    a:
      type: tosca.nodes.indigo.Compute
      colour: red
    b:
      type: tosca.nodes.indigo.Computer
    d:
      type: tosca.nodes.indigo.Compute
      capabilities:
        host:
          properties:
            num_cpu: 2
            num_cpus: 0
`);
    const error = await fail(text);
    expect(error.message).to.equal(
      'Error parsing TOSCA template: \n' +
        'The pre-parsed input failed validation with the following error(s): \n' +
        '\n\tValueError: "x" is not an integer.\n' +
        '\n\tUnknownFieldError: Node template "a" contains unknown field "colour". Refer to the definition to verify valid values.\n' +
        '\n\tInvalidTypeError: Type "tosca.nodes.indigo.Computer" is not a valid type.\n' +
        '\n\tUnknownFieldError: "properties" of template "d" contains unknown field "num_cpu". Refer to the definition to verify valid values.\n' +
        '\n\tValidationError: The value "0" of property "num_cpus" must be greater than or equal to "1".',
    );
    const lines = text.split('\n');
    const at = error.problems.map(({ place }) => lines[(place?.line ?? 0) - 1]?.slice((place?.column ?? 0) - 1));
    expect(at.map((rest) => rest?.split(':')[0])).to.deep.equal(['default', 'colour', 'b', 'num_cpu', 'num_cpus']);
    expect(error.problems.map(({ hint }) => hint)).to.deep.equal([
      undefined,
      undefined,
      'did you mean "tosca.nodes.indigo.Compute"?',
      'did you mean "num_cpus"?',
      undefined,
    ]);
  });

  it('gives the place of what is no YAML', async () => {
    const error = await fail('a: 1\nb: [\n');
    expect(error.problems[0]?.place?.line).to.be.greaterThan(1);
  });

  it('refuses keys that are pieces of known ones', async () => {
    expect((await fail(document('  node_templates: {}\n', 'data: {}\n'))).message).to.contain('unknown field "data"');
  });

  it('takes a document without nodes', async () => {
    const parsed = await parseTosca(document('  node_templates: {}\n'), environment());
    expect(parsed.template.nodes.size).to.equal(0);
  });

  for (const [what, text] of [
    ['nothing', ''],
    ['a text', 'hello'],
    ['a list', '- a'],
    ['no topology', 'tosca_definitions_version: tosca_simple_yaml_1_0'],
    ['a topology that is a list', document('  - a\n')],
    ['nodes that are texts', document('  node_templates: {a: b}\n')],
    ['nodes that are a list', document('  node_templates: [a]\n')],
    ['properties that are a list', document('  node_templates: {a: {type: tosca.nodes.Compute, properties: [x]}}\n')],
    [
      'requirements that are a map',
      document('  node_templates: {a: {type: tosca.nodes.Compute, requirements: {host: b}}}\n'),
    ],
    [
      'an import list that is a text',
      'tosca_definitions_version: tosca_simple_yaml_1_0\nimports: x\ntopology_template: {}',
    ],
    ['inputs without schema', document('  inputs: {i: 5}\n')],
    ['an alias inside itself', `a: &a [*a]\n${document('  node_templates: {}\n')}`],
    [
      'a type derived over forty types',
      document(
        '  node_templates: {a: {type: t40}}\n',
        `node_types:\n${Array.from({ length: 41 }, (_, i) => `  t${i}: {derived_from: ${i === 0 ? 'tosca.nodes.Root' : `t${i - 1}`}}\n`).join('')}`,
      ),
    ],
    [
      'a type derived from itself',
      document('  node_templates: {a: {type: t}}\n', 'node_types: {t: {derived_from: t}}\n'),
    ],
    [
      'types derived in a circle',
      document('  node_templates: {a: {type: t}}\n', 'node_types: {t: {derived_from: u}, u: {derived_from: t}}\n'),
    ],
    [
      'a type without known parent',
      document('  node_templates: {a: {type: t}}\n', 'node_types: {t: {derived_from: ghost}}\n'),
    ],
    ['binary data', document('  node_templates: {a: {type: tosca.nodes.Root, metadata: {x: !!binary aGk=}}}\n')],
  ] as const) {
    it(`fails cleanly for ${what}`, async () => {
      expect((await fail(text)).message).to.match(/^Error parsing TOSCA template: /);
    });
  }

  it('stops data types that fill in each other without end', async () => {
    const top = `data_types:
  T:
    properties:
      a: {type: T, required: false, default: {x: 1}}
      b: {type: T, required: false, default: {x: 1}}
      x: {type: integer, required: false}
node_types:
  n: {derived_from: tosca.nodes.Root, properties: {p: {type: T}}}
`;
    const error = await fail(document('  node_templates: {a: {type: n, properties: {p: {x: 1}}}}\n', top));
    expect(error.message).to.match(/too deeply|too many steps/);
  });

  it('stops patterns that never end', async () => {
    const top =
      "node_types:\n  n: {derived_from: tosca.nodes.Root, properties: {p: {type: string, constraints: [{pattern: '(a+)+$'}]}}}\n";
    const error = await fail(document(`  node_templates: {a: {type: n, properties: {p: ${'a'.repeat(40)}b}}}\n`, top));
    expect(error.message).to.contain('cannot be used');
  });

  it('stops functions that refer to each other in a circle', async () => {
    const error = await fail(
      document(`  node_templates:
    a:
      type: tosca.nodes.DBMS
      properties: {root_password: {get_property: [a, root_password]}}
      requirements: [{host: c}]
    c: {type: tosca.nodes.Compute}
`),
    );
    expect(error.message).to.contain('in a circle');
  });

  it('stops functions that double each other', async () => {
    const inputs = Array.from({ length: 40 }, (_, index) => {
      const next = index === 39 ? 'x' : `{concat: [{get_input: i${index + 1}}, {get_input: i${index + 1}}]}`;
      return `    i${index}: {type: list, default: [${next}]}\n`;
    });
    const text =
      document(`  inputs:\n${inputs.join('')}  node_templates:\n    a:\n      type: tosca.nodes.indigo.Compute
      capabilities: {os: {properties: {distribution: {get_property: [b, os, distribution]}}}}
    b:
      type: tosca.nodes.indigo.Compute
      capabilities: {os: {properties: {distribution: {get_input: i0}}}}
`);
    expect((await fail(text)).message).to.match(/too many steps|longer than/);
  });

  it('takes lists that are longer than any call stack', async () => {
    const ports = Array.from({ length: 30_000 }, (_, index) => `p${index}: {source: 80}`).join(', ');
    const capability = `{endpoint: {properties: {ports: {get_input: p}}}}`;
    const text = document(
      `  inputs: {p: {type: map, default: {${ports}}}}\n  node_templates: {a: {type: tosca.nodes.indigo.Compute, capabilities: ${capability}}}\n`,
    );
    expect((await radlOf(text)).length).to.be.greaterThan(30_000);
  });

  it('takes objects with hostile names for what they are', async () => {
    const text = document('  node_templates: {__proto__: {type: tosca.nodes.Compute, metadata: {constructor: x}}}\n');
    expect([...(await parseTosca(text, environment())).template.nodes.keys()]).to.deep.equal(['__proto__']);
  });

  it('does not read local files', async () => {
    for (const place of ['/etc/hostname', 'file:///etc/hostname', '../x.yaml']) {
      const surroundings = environment();
      const text = `tosca_definitions_version: tosca_simple_yaml_1_0\nimports: [{x: ${place}}]\ntopology_template: {}`;
      await toscaError(parseTosca(text, surroundings));
      expect(surroundings.asked).to.deep.equal([]);
    }
  });

  it('needs no network for the public type files, wherever they are imported from', async () => {
    for (const url of [
      TYPES_URL,
      'https://raw.githubusercontent.com/grycap/tosca/refs/tags/v2.0.0/custom_types.yaml',
      'https://raw.githubusercontent.com/grycap/ec3/tosca/tosca/custom_types.yaml',
      'https://raw.githubusercontent.com/indigo-dc/tosca-types/master/custom_types.yaml',
    ]) {
      const surroundings = environment();
      const text = `tosca_definitions_version: tosca_simple_yaml_1_0\nimports: [${url}]\ntopology_template: {node_templates: {a: {type: tosca.nodes.indigo.Compute}}}`;
      const parsed = await parseTosca(text, surroundings);
      expect(parsed.template.nodes.size).to.equal(1);
      expect(surroundings.asked).to.deep.equal([]);
    }
  });
});
