// SPDX-License-Identifier: Apache-2.0
// Python's way of showing texts, the nearest known name, and URLs without their passwords.
import { expect } from 'chai';
import { MASK, maskUrls } from '../../src/util/mask-url.js';
import { nearestName } from '../../src/util/nearest-name.js';
import { pythonRepr, pythonReprList } from '../../src/util/python-repr.js';

describe('pythonRepr', () => {
  // Right-hand sides come from python3 -c 'print(repr(...))'.
  const cases: readonly (readonly [string, string])[] = [
    ['a', "'a'"],
    ["it's", '"it\'s"'],
    ['say "no"', '\'say "no"\''],
    ['it\'s "no"', "'it\\'s \"no\"'"],
    ['back\\slash', "'back\\\\slash'"],
    ['line\nbreak\ttab\r', "'line\\nbreak\\ttab\\r'"],
    ['\u0000\u001b\u007f', "'\\x00\\x1b\\x7f'"],
    ['España', "'España'"],
    ['\u00a0\u00ad', "'\\xa0\\xad'"],
    ['\u200b\u2028', "'\\u200b\\u2028'"],
    ['\u{1f600}', "'\u{1f600}'"],
    ['\u{e0001}', "'\\U000e0001'"],
    ['', "''"],
  ];
  for (const [value, shown] of cases) {
    it(`shows ${JSON.stringify(value)} as ${shown}`, () => {
      expect(pythonRepr(value)).to.equal(shown);
    });
  }

  it('shows lists', () => {
    expect(pythonReprList(['a', "it's", 3])).to.equal("['a', \"it's\", 3]");
    expect(pythonReprList([])).to.equal('[]');
  });
});

describe('nearestName', () => {
  const known = ['REST_PORT', 'XMLRCP_PORT', 'DATA_DB', 'LOG_LEVEL'];

  it('finds slips of the finger', () => {
    expect(nearestName('REST_PROT', known)).to.equal('REST_PORT');
    expect(nearestName('rest_port', known)).to.equal('REST_PORT');
    expect(nearestName('XMLRPC_PORT', known)).to.equal('XMLRCP_PORT');
    expect(nearestName('DATADB', known)).to.equal('DATA_DB');
  });

  it('does not guess when nothing is near', () => {
    expect(nearestName('TEST_PEERS', known)).to.equal(undefined);
    expect(nearestName('', known)).to.equal(undefined);
    expect(nearestName('x'.repeat(100_000), known)).to.equal(undefined);
  });
});

describe('maskUrls', () => {
  it('hides passwords and keeps the rest', () => {
    expect(maskUrls('DATA_DB mysql://im:secret@db:3306/im?x=1 used')).to.equal(
      `DATA_DB mysql://im:${MASK}@db:3306/im?x=1 used`,
    );
    expect(maskUrls('mongodb://u:p@h1,h2/db?replicaSet=rs')).to.equal(`mongodb://u:${MASK}@h1,h2/db?replicaSet=rs`);
  });

  it('hides passwords that were not encoded', () => {
    expect(maskUrls('mysql://im:p@ss:w/rd@db/im')).to.equal(`mysql://im:${MASK}@db/im`);
  });

  it('hides tokens in the place of the user', () => {
    expect(maskUrls('https://ghp_abc@github.com/a/b')).to.equal(`https://${MASK}@github.com/a/b`);
  });

  it('leaves other URLs alone', () => {
    for (const text of ['http://127.0.0.1:8800/infrastructures', 'ssh://root@host', 'sqlite:///etc/im/inf.dat']) {
      expect(maskUrls(text)).to.equal(text);
    }
  });
});
