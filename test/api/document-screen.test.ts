// SPDX-License-Identifier: Apache-2.0
// Large documents are read in a worker first, so that they neither hold up others nor exhaust the daemon.
import { expect } from 'chai';
import {
  createDocumentScreen,
  type DocumentForm,
  type DocumentScreen,
  type ScreenOptions,
} from '../../src/api/document-screen.js';
import { silentLogger } from '../../src/util/logger.js';
import { failureOf } from '../support/waiting.js';
import { type RestService, startRest } from './rest/rest-service.js';
import { startXmlRpc, type XmlRpcService } from './xmlrpc/xmlrpc-service.js';

const program = new URL('../support/screen-worker.mjs', import.meta.url);
const createScreen = (options: Partial<ScreenOptions> = {}): DocumentScreen =>
  createDocumentScreen({ logger: silentLogger, program, ...options });
const never = new AbortController().signal;
const repeat = (count: number, make: (index: number) => string): string =>
  Array.from({ length: count }, (_, i) => make(i)).join('');

/** Documents of some megabytes that nobody can deploy, and why. */
const HUGE: readonly (readonly [string, DocumentForm, string, RegExp])[] = [
  [
    'many systems',
    'radl',
    repeat(40_000, (i) => `system s${i} (cpu.count >= 1 and memory.size >= 1g)\n`),
    /more than 200000 words/,
  ],
  ['a mistake at the end', 'radl', `${repeat(15_000, (i) => `system s${i} (cpu.count >= 1)\n`)}system (`, /Line 15001/],
  [
    'a recipe with many nodes',
    'radl',
    `configure a (\n@begin\n${repeat(160_000, () => '- x\n')}@end\n)`,
    /150000 nodes/,
  ],
  [
    'many recipes',
    'radl',
    repeat(3, (i) => `configure a${i} (\n@begin\n${repeat(60_000, () => '- x\n')}@end\n)\n`),
    /150000 YAML nodes together/,
  ],
  ['many values', 'json', `[${repeat(70_000, (i) => `{"class":"network","id":"n${i}"},`)}{}]`, /at most 200000 values/],
  ['many keys', 'tosca', repeat(160_000, (i) => `k${i}: v\n`), /^Error parsing TOSCA template: .*150000 nodes/],
  [
    'many nodes of TOSCA',
    'tosca',
    `a:\n${repeat(70_000, (i) => ` - ${i}\n`)}`,
    /^Error parsing TOSCA template: .*60000 YAML nodes/,
  ],
  [
    'many templates',
    'tosca',
    `topology_template:\n  node_templates:\n${repeat(11_000, (i) => `    n${i}: {type: tosca.nodes.Compute}\n`)}`,
    /^Error parsing TOSCA template: The document has 11000 node templates, at most 10000/,
  ],
  ['a very long text', 'tosca', `a: ${'x'.repeat(8_000_000)}`, /^Error parsing TOSCA template: .*at most 8000000/],
  [
    'very many small recipes',
    'radl',
    repeat(12_000, (i) => `configure c${i} (\n@begin\n- a: 1\n@end\n)\n`),
    /150000 YAML nodes together \(each recipe counts as 10 more\)/,
  ],
  ['YAML without end', 'tosca', `a: [${'b,'.repeat(150_000)}`, /^Error parsing TOSCA template: unexpected end/],
];

describe('screening of large documents', () => {
  let screen: DocumentScreen;
  before(() => {
    screen = createScreen();
  });
  after(() => screen.close());

  for (const [what, form, text, reason] of HUGE) {
    it(`refuses ${what}`, async () => {
      const failure = await failureOf(screen.check(form, text, never));
      expect(failure).to.include({ code: 'invalid-document' });
      expect((failure as Error).message).to.match(reason);
    }).timeout(60_000);
  }

  it('lets large documents pass that can be read: long texts and recipes', async () => {
    const recipe = `- hosts: all\n  vars:\n    x: |\n${repeat(100_000, () => '      some text\n')}`;
    await screen.check('radl', `configure a (\n@begin\n${recipe}@end\n)`, never);
    await screen.check('tosca', `description: |\n${repeat(100_000, () => '  some text\n')}`, never);
    await screen.check('json', `[{"class":"network","id":"n","x":"${'y'.repeat(1_000_000)}"}]`, never);
  }).timeout(60_000);

  it('lets pass what people deploy at most: a thousand systems with recipes, two thousand TOSCA nodes', async () => {
    const system = (i: number): string => `network n${i} ()
system s${i} (cpu.count >= 2 and memory.size >= 4g and net_interface.0.connection = 'n${i}' and disk.0.image.url = 'mem://1')
configure s${i} (\n@begin\n${repeat(12, (n) => `- name: Step ${n}\n  shell: echo ${'x'.repeat(20)}\n`)}@end\n)\n`;
    await screen.check('radl', repeat(1000, system), never);
    const template = (i: number): string => `    node${i}:
      type: tosca.nodes.Compute
      capabilities:
        host: {properties: {num_cpus: 2, mem_size: 4 GB}}
        os: {properties: {type: linux, image: mem://1, distribution: ubuntu}}
        scalable: {properties: {count: 1}}
        endpoint: {properties: {network_name: PUBLIC, dns_name: node${i}}}
`;
    const text = `tosca_definitions_version: tosca_simple_yaml_1_0\ntopology_template:\n  node_templates:\n${repeat(2000, template)}`;
    await screen.check('tosca', text, never);
  }).timeout(60_000);

  it('does not look at small ones', async () => {
    await screen.check('radl', 'system (', never);
  });

  it('gives up what takes too long or too much memory, and goes on', async () => {
    const slow = createScreen({ timeoutMs: 1 });
    const narrow = createScreen({ memoryMb: 16 });
    const [, form, text] = HUGE.at(-1)!;
    expect(String(await failureOf(slow.check(form, text, never)))).to.contain('cannot be read within');
    expect(String(await failureOf(narrow.check(form, text.repeat(10), never)))).to.contain('too much memory');
    await narrow.check(form, `a: ${'x'.repeat(300_000)}`, never);
    await Promise.all([slow.close(), narrow.close()]);
  }).timeout(60_000);

  it('ends with the request', async () => {
    const request = new AbortController();
    const waiting = failureOf(screen.check('radl', HUGE[0]![2], request.signal));
    request.abort(new Error('gone'));
    expect(String(await waiting)).to.contain('gone');
  });
});

describe('the APIs, while a huge document is read', () => {
  let rest: RestService;
  let xmlRpc: XmlRpcService;
  let screen: DocumentScreen;
  before(async () => {
    screen = createScreen();
    rest = await startRest({}, { screen });
    xmlRpc = await startXmlRpc({ maxRequestBodyBytes: 20_000_000 }, { screen });
  });
  after(() => Promise.all([rest.stop(), xmlRpc.stop(), screen.close()]));

  it('go on answering', async () => {
    const [, , text] = HUGE[0]!;
    let isRead = false;
    const refusal = rest.call('POST', '/infrastructures', {}, text).finally(() => {
      isRead = true;
    });
    let answers = 0;
    while (!isRead) {
      expect((await rest.call('GET', '/version')).status).to.equal(200);
      if (!isRead) answers += 1;
    }
    expect(await refusal).to.include({ status: 400 });
    expect((await refusal).body).to.match(/^Error parsing request body: The document is too large/);
    expect(answers).to.be.above(3);
    expect(rest.manager.calls).not.to.include('createInfrastructure');
  }).timeout(60_000);

  it('refuse it over XML-RPC too', async () => {
    const auth = '<array><data/></array>';
    const call = `<methodCall><methodName>CreateInfrastructure</methodName><params><param><value>${HUGE[5]![2]}tosca_definitions_version: x</value></param><param><value>${auth}</value></param></params></methodCall>`;
    const answer = await xmlRpc.post(call);
    expect(answer.body).to.contain('Error parsing TOSCA template: ').and.contain('150000 nodes');
    expect(xmlRpc.manager.calls).not.to.include('createInfrastructure');
  }).timeout(60_000);
});
