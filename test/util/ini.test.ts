// SPDX-License-Identifier: Apache-2.0
// The rules of Python's ConfigParser (configuration.md §1.2), of which existing files make use.
import { expect } from 'chai';
import { parseIni } from '../../src/util/ini.js';

const entriesOf = (text: string) =>
  parseIni(text).entries.map(({ section, name, value }) => `${section}/${name}=${value}`);

describe('parseIni', () => {
  it('takes = and : for the delimiter and names in any case', () => {
    expect(entriesOf('[im]\nrest_Port = 1\nB: 2\nC=a:b=c\nD : x')).to.deep.equal([
      'im/REST_PORT=1',
      'im/B=2',
      'im/C=a:b=c',
      'im/D=x',
    ]);
  });

  it('knows comments on lines of their own only', () => {
    expect(entriesOf('# c\n[im]\n  ; c\nA = 1 # x\n   # c\nB = "q" ; y')).to.deep.equal(['im/A=1 # x', 'im/B="q" ; y']);
  });

  it('joins indented lines, through comments and empty lines', () => {
    const text = '[im]\nADMIN_USER = [\n  {"username": "a"},\n\n  # who else\n  {"username": "b"}\n  ]\n\nB = 1\n';
    expect(entriesOf(text)).to.deep.equal(['im/ADMIN_USER=[\n{"username": "a"},\n\n{"username": "b"}\n]', 'im/B=1']);
  });

  it('does not take an indented option for a continuation of a section or of an equally indented option', () => {
    expect(entriesOf('[im]\n  A = 1\n  B = 2\n')).to.deep.equal(['im/A=1', 'im/B=2']);
  });

  it('takes sections one after another without empty lines, and any line end', () => {
    expect(entriesOf('\uFEFF[a]\r\nX = 1\r\n[b]\rX = 2')).to.deep.equal(['a/X=1', 'b/X=2']);
  });

  it('keeps empty values', () => {
    expect(entriesOf('[im]\nA =\nB:')).to.deep.equal(['im/A=', 'im/B=']);
  });

  it('warns of an option or section given again, with both lines', () => {
    const { warnings, errors, entries } = parseIni('[im]\nA = 1\na = 2\n[im]\nB = 1');
    expect(errors).to.deep.equal([]);
    expect(entries.map((entry) => entry.value)).to.deep.equal(['1', '2', '1']);
    expect(warnings).to.deep.equal([
      { line: 3, message: 'Option A in section [im] is given again (first in line 2); the last value counts' },
      { line: 4, message: 'Section [im] is given again (first in line 1); the last value counts' },
    ]);
  });

  it('reports lines that are nothing, without quoting them', () => {
    const { errors } = parseIni('[im]\ns3cr3t\n= value\n');
    expect(errors.map((error) => error.line)).to.deep.equal([2, 3]);
    expect(JSON.stringify(errors)).to.not.include('s3cr3t');
  });

  it('reports options before the first section', () => {
    expect(parseIni('A = 1\n').errors).to.deep.equal([
      { line: 1, message: 'option A stands before any section; put [im] above it' },
    ]);
  });
});
