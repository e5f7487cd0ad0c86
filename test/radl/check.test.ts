// SPDX-License-Identifier: Apache-2.0
// The semantic check: rules of properties, indices, references, recipes; order, hints, all problems at once.
import { expect } from 'chai';
import { checkRadl, parseRadl, parseRadlJson, Radl, type RadlError } from '../../src/radl/index.js';
import { errorOf } from './support.js';

const SURROUNDINGS =
  "network pub (outbound = 'yes')\nnetwork priv\nansible ext (host = 'h' and credentials.username = 'u' and credentials.password = 'p')\n";

function accept(text: string): void {
  checkRadl(parseRadl(text));
}

function refuse(text: string): RadlError {
  return errorOf(() => accept(text));
}

function systemError(features: string): string {
  return refuse(`${SURROUNDINGS}system s (\n${features}\n)`).message;
}

describe('check', () => {
  it('accepts the empty document and what is not validated', () => {
    accept('');
    accept("description d (name = 5) network n system s (anything >= 'x' and other = 5Q)");
  });

  const valid = [
    "spot = 'yes' and image_type = 'Qcow2' and price = 0 and cpu.count >= 1.5",
    ...['i386', 'I686', 'x86_64', 'amd64', 'ARM64', 'aarch64'].map((arch) => `cpu.arch = '${arch}'`),
    'cpu.performance >= 3ecu',
    'memory.size >= 512MiB and memory.size <= 1GB',
    "disk.0.os.credentials.new.password = 'Abc12_z'",
    "ansible_host = 'ext'",
    "net_interface.0.connection = 'pub' and net_interface.1.connection = 'priv' and net_interface.7.anything = 1",
    "disk.0.image.url = ['a','b'] and disk.1.size = 1.5GB and disk.9.whatever = 'x'",
    "disk.0.os.version >= '20.04' and disk.0.os.name = 'Mac OS X'",
    "disk.0.applications contains (name = 'a' and version >= '1.2' and preinstalled = 'No' and x = 5)",
    'soft 5 (cpu.count >= 4)',
    'disk.00.size = 1',
  ];
  for (const features of valid) {
    it(`accepts ${features}`, () => accept(`${SURROUNDINGS}system s (\n${features}\n)`));
  }

  const invalid: readonly (readonly [string, string])[] = [
    ["cpu.count = 'a'", "Line 5: Invalid type; expected <class 'float'>"],
    ['memory.size = 1.5G', "Line 5: Invalid type; expected <class 'int'>"],
    ['disk.0.applications = 1', "Line 5: Invalid type; expected <class 'radl.radl.Features'>"],
    ['disk.0.image.url = 5', "Line 5: Invalid type; expected (<class 'str'>, <class 'bytes'>, <class 'list'>)"],
    ["image_type >= 'raw'", "Line 5: Invalid operator; expected '='"],
    ["spot = 'maybe'", "Line 5: Invalid value; expected one of ['YES', 'NO']"],
    [
      "cpu.arch = 'sparc'",
      "Line 5: Invalid value; expected one of ['I386', 'I686', 'X86_64', 'AMD64', 'ARM64', 'AARCH64']",
    ],
    ['price = 1K', 'Line 5: Invalid unit; expected none'],
    ['cpu.performance = 1', "Line 5: Invalid unit; expected one of ['ECU', 'GCEU', 'HRZ']"],
    [
      'memory.size = 1TI',
      "Line 5: Invalid unit; expected one of ['', 'B', 'K', 'M', 'G', 'T', 'KB', 'MB', 'GB', 'TB', 'KI', 'MI', 'GI', 'KIB', 'MIB', 'GIB', 'TIB']",
    ],
    [
      "disk.0.os.credentials.new.password = 'short'",
      "Line 5: Invalid value in property 'disk.0.os.credentials.new.password'",
    ],
    ["ansible_host = 'nope'", "Line 5: Invalid value in property 'ansible_host'"],
    ["net_interface.0.connection = 'nope'", "Line 5: Invalid value in property 'net_interface.0.connection'"],
    ['net_interface.count = 1', 'Line 5: Invalid property name; expected an index.'],
    ['disk.size = 1', 'Line 5: Invalid property name; expected an index.'],
    ['disk..x = 1', 'Line 5: Invalid property name; expected an index.'],
    ['disk.1.size = 1', "Invalid indices values in properties 'disk'"],
    ["net_interface.-1.ip = 'x'", "Invalid indices values in properties 'net_interface'"],
    ["net_interface.0.ip = '1.1.1.1'", 'Some net_interface does not have a connection'],
    ["disk.0.os.version = '1..2'", "Line 5: Invalid value in property 'disk.0.os.version'"],
    ["disk.0.applications contains (\nname = '')", "Line 6: Invalid value in property 'name'"],
    ["disk.0.applications contains (version = 'x')", "Line 5: Invalid value in property 'version'"],
    ['soft 1 (disk.1.size = 1G)', "Invalid indices values in properties 'disk'"],
    ["soft 1 (\nsoft 2 (spot = 'x'))", "Line 6: Invalid value; expected one of ['YES', 'NO']"],
  ];
  for (const [features, message] of invalid) {
    it(`refuses ${JSON.stringify(features)}`, () => {
      expect(systemError(features)).to.equal(message);
    });
  }

  const documents: readonly (readonly [string, string])[] = [
    ["network n (outbound = 'x')", "Line 1: Invalid value; expected one of ['YES', 'NO']"],
    ["network n (\noutports = '22, 80')", "Line 2: Invalid value in property 'outports'"],
    ["network n (outports = '')", "Line 1: Invalid value in property 'outports'"],
    ['network n (provider_id = 1)', "Line 1: Invalid type; expected <class 'str'>"],
    ["\nansible h (host = '')", 'Line 2: Ansible host must have a host'],
    ["ansible h (host = 'h')", 'Line 1: Ansible host must have a credentials.username'],
    [
      "ansible h (host = 'h' and credentials.username = 'u')",
      'Line 1: Ansible host must have a credentials.password or credentials.private_key',
    ],
    ['deploy s 1', 'Line 1: Invalid system id in the deploy.'],
    ['system s ()\ndeploy s 1.5', 'Line 2: Invalid number of virtual machines to deploy.'],
    ['system s ()\ndeploy s 2.0', 'Line 2: Invalid number of virtual machines to deploy.'],
    ['contextualize 2.5 ()', "Invalid 'max time' in 'contextualize'"],
    ['contextualize (system s configure c)', "Line 1: Invalid system id 's'"],
    ['system s ()\ncontextualize (\nsystem s configure c)', "Line 3: Invalid configure id 'c'"],
  ];
  for (const [text, message] of documents) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      expect(refuse(text).message).to.equal(message);
    });
  }

  it('reads recipes as YAML 1.1, but not those of references and configures without recipe', () => {
    accept('configure a configure b () configure c (\n@begin\n#!/bin/sh\n@end\n) configure d (\n@begin\n\n@end\n)');
    expect(refuse('\nconfigure c (\n@begin\na: {{ x }}\n@end\n)').message).to.match(
      /^Line 2: Invalid YAML code: a mapping or list cannot be a key.*\.$/,
    );
  });

  it('refuses counts that only JSON can write', () => {
    for (const count of ['-1', '"2"', 'null', '1.0']) {
      const radl = parseRadlJson(`[{"class":"system","id":"s"},{"class":"deploy","system":"s","vm_number":${count}}]`);
      expect(errorOf(() => checkRadl(radl)).message).to.equal('Invalid number of virtual machines to deploy.');
    }
    checkRadl(parseRadlJson('[{"class":"system","id":"s","cpu.count":true},{"class":"contextualize","max_time":-5}]'));
  });

  it('finds duplicates in documents that were not read from text', () => {
    const radl = Radl.empty();
    const { systems, networks } = parseRadl('system s () network n');
    radl.systems.push(...systems, ...systems);
    radl.networks.push(...networks, ...networks);
    expect(errorOf(() => checkRadl(radl)).problems.map(({ message }) => message)).to.deep.equal([
      'Some System name duplicated.',
      'Some Network name duplicated.',
    ]);
  });

  it('goes through networks, Ansible hosts, systems, deploys, configures, contextualize', () => {
    const error = refuse(
      "contextualize (system q configure q)\nconfigure c (\n@begin\na: [\n@end\n)\ndeploy q 1\nsystem s (\ncpu.count = 'a' and disk.x.size = 1)\nansible h ()\nnetwork n (outbound = 'x')",
    );
    expect(error.problems.map(({ line }) => line)).to.deep.equal([11, 10, 9, 9, 7, 2, 1, 1]);
  });

  it('reports not more problems than are useful', () => {
    expect(refuse('deploy s 1\n'.repeat(500)).problems).to.have.length(50);
  });

  describe('hints', () => {
    it('name the property that was probably meant', () => {
      const error = refuse("network n system s (net_interface.0.conection = 'n' and net_interface.0.ip = '1.1.1.1')");
      expect(error.hint).to.equal("'net_interface.0.conection': did you mean 'net_interface.0.connection'?");
      expect(refuse("system s (disk.os.name = 'linux')").hint).to.equal("did you mean 'disk.0.os.name'?");
    });

    it('name the aspect or word that was probably meant', () => {
      expect(refuse('system frontend ()\ndeploy frontent 1').hint).to.equal("did you mean 'frontend'?");
      expect(refuse("network public\nsystem s (net_interface.0.connection = 'pubilc')").hint).to.equal(
        "did you mean 'public'?",
      );
      expect(refuse("system s (disk.0.os.name = 'linus')").hint).to.equal("did you mean 'LINUX'?");
    });

    it('tell place and expectation apart from the text', () => {
      const error = refuse('system s (\n  cpu.count = 5G\n)');
      expect(error).to.include({ line: 2, column: 3, found: "property 'cpu.count'", expected: 'no unit' });
    });
  });
});
