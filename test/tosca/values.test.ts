// SPDX-License-Identifier: Apache-2.0
// Small rules of values: Python texts, versions, units, port texts.
import { expect } from 'chai';
import { portText } from '../../src/tosca/outports-text.js';
import { fractionText, pythonText } from '../../src/tosca/python-text.js';
import { readYaml } from '../../src/tosca/read-yaml.js';
import { looseSizeInBytes, sizeInBytes } from '../../src/tosca/scalar-unit.js';
import { toscaVersion } from '../../src/tosca/tosca-version.js';

describe('pythonText', () => {
  for (const [yaml, text] of [
    ['[a, 2, true, null, 1.5, 2.0]', "['a', 2, True, None, 1.5, 2.0]"],
    ["{k: v, n: {m: it's}}", "{'k': 'v', 'n': {'m': \"it's\"}}"],
    ['22.04', '22.04'],
    ['8.10', '8.1'],
    ['010', '8'],
    ['12345678901234567890', '12345678901234567890'],
  ] as const) {
    it(`shows ${yaml} as ${text}`, () => expect(pythonText(readYaml(yaml))).to.equal(text));
  }

  for (const [value, text] of [
    [1e16, '1e+16'],
    [1e-5, '1e-05'],
    [0.0001, '0.0001'],
    [123456.789, '123456.789'],
    [-0, '-0.0'],
    [1.5e300, '1.5e+300'],
  ] as const) {
    it(`shows the fraction ${text}`, () => expect(fractionText(value)).to.equal(text));
  }
});

describe('versions', () => {
  for (const [yaml, version] of [
    ['3', '3.0'],
    ['1.0', '1.0'],
    ['1.2.3.beta-4', '1.2.3.beta-4'],
    ['0.0', null],
  ] as const) {
    it(`reads ${yaml}`, () => expect(toscaVersion(readYaml(yaml))).to.equal(version));
  }
  for (const yaml of ['1.x.y', '1.2-3', '0.0.0.beta', 'v1', '""']) {
    it(`refuses ${yaml}`, () => expect(() => toscaVersion(readYaml(yaml))).to.throw('is invalid'));
  }
});

describe('sizes', () => {
  it('are read in any case and with fractions', () => {
    expect(sizeInBytes('2gb')).to.equal(2_000_000_000n);
    expect(sizeInBytes('1.1 GB')).to.equal(1_100_000_000n);
    expect(sizeInBytes('0.5 B')).to.equal(0.5);
    expect(looseSizeInBytes('512 Mi')).to.equal(536_870_912n);
  });
  it('need a unit', () => expect(() => sizeInBytes(1024)).to.throw('"1024" is not a valid scalar-unit.'));
  it('do not take long for long texts', () =>
    expect(() => sizeInBytes('1'.repeat(1_000_000))).to.throw('valid scalar-unit'));
});

describe('port texts', () => {
  for (const [yaml, text] of [
    ['{source: 80}', '80/tcp-80/tcp'],
    ['{source: 80, target: 8080, protocol: udp}', '80/udp-8080/udp'],
    ['{target: 8080, remote_cidr: 10.0.0.0/8}', '10.0.0.0/8-8080/tcp-8080/tcp'],
    ['{source_range: [1, 9], source: 80}', '1:9/tcp'],
  ] as const) {
    it(`${yaml} is ${text}`, () => expect(portText(readYaml(yaml))).to.equal(text));
  }
  it('need a port', () =>
    expect(() => portText(readYaml('{protocol: tcp}'))).to.throw('source or target port must be specified'));
});
