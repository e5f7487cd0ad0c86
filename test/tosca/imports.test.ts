// SPDX-License-Identifier: Apache-2.0
// Imported type files: order, cycles, prefixes, what is fetched.
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { parseTosca, ShippedTypes } from '../../src/tosca/index.js';
import { environment, TYPES_URL, toscaError } from './support.js';

const VERSION = 'tosca_definitions_version: tosca_simple_yaml_1_0\n';
const typeFile = (level: number, imports = ''): string =>
  `${VERSION}${imports}node_types:\n  t: {derived_from: tosca.nodes.Root, properties: {level: {type: integer, default: ${level}}}}\n`;
const using = (imports: string, top = ''): string =>
  `${VERSION}imports: ${imports}\n${top}topology_template: {node_templates: {n: {type: t}}}`;

async function levelOf(text: string, files: Readonly<Record<string, string>>): Promise<unknown> {
  const parsed = await parseTosca(text, environment(files));
  return parsed.template.nodes.get('n')?.properties.get('level');
}

describe('imports', () => {
  it('let later files win, nested ones over those that import them, the document over all', async () => {
    const files = {
      'https://x.example.org/a.yaml': typeFile(1),
      'https://x.example.org/b.yaml': typeFile(2),
      'https://x.example.org/outer.yaml': typeFile(3, 'imports: [nested/inner.yaml]\n'),
      'https://x.example.org/nested/inner.yaml': typeFile(4),
    };
    expect(await levelOf(using('[https://x.example.org/a.yaml, https://x.example.org/b.yaml]'), files)).to.equal(2);
    expect(await levelOf(using('[https://x.example.org/outer.yaml]'), files)).to.equal(4);
    const own = 'node_types: {t: {derived_from: tosca.nodes.Root, properties: {level: {type: integer, default: 9}}}}\n';
    expect(await levelOf(using('[https://x.example.org/outer.yaml]', own), files)).to.equal(9);
  });

  it('fetch files that import each other once', async () => {
    const files = {
      'https://x.example.org/a.yaml': typeFile(1, 'imports: [b.yaml]\n'),
      'https://x.example.org/b.yaml': typeFile(2, 'imports: [a.yaml]\n'),
    };
    const surroundings = environment(files);
    await parseTosca(using('[https://x.example.org/a.yaml]'), surroundings);
    expect(surroundings.asked.toSorted()).to.deep.equal(Object.keys(files));
  });

  it('stop at chains without end', async () => {
    const surroundings = environment({}, { fetch: async (url) => typeFile(1, `imports: [${url}x]\n`) });
    expect((await toscaError(parseTosca(using('[https://x.example.org/a]'), surroundings))).message).to.contain(
      'nests imports deeper',
    );
  });

  it('tell which file cannot be had, and why', async () => {
    const { message } = await toscaError(parseTosca(using('[https://x.example.org/none.yaml]'), environment()));
    expect(message).to.contain(
      'URLException: Failed to reach server "https://x.example.org/none.yaml". Reason is: Not Found.',
    );
  });

  it('ask the network for public types first where that is wanted, and fall back', async () => {
    const read = (name: string) => readFileSync(new URL(`../../tosca/types/${name}`, import.meta.url), 'utf8');
    const remoteFirst = new ShippedTypes({
      normative: read('normative_types.yaml'),
      custom: read('im_custom_types.yaml'),
      preferRemote: true,
    });
    const text = `${VERSION}imports: [${TYPES_URL}]\ntopology_template: {node_templates: {n: {type: tosca.nodes.indigo.Compute}}}`;
    const down = environment({}, { types: remoteFirst });
    expect((await parseTosca(text, down)).template.nodes.size).to.equal(1);
    expect(down.asked).to.deep.equal([TYPES_URL]);
  });
});
