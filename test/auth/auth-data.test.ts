// SPDX-License-Identifier: Apache-2.0
// The rules by which authorization data is read, in all its forms (auth.md §2-4, rest-api.md §6).
import { expect } from 'chai';
import fc from 'fast-check';
import { parseAuthLine } from '../../src/auth/auth-line.js';
import { decodeText, itemsFromObjects, parseAuthHeader } from '../../src/auth/index.js';
import { ImError } from '../../src/domain/index.js';

/** The error that a call throws. */
function failure(action: () => unknown): ImError {
  try {
    action();
  } catch (error) {
    if (error instanceof ImError) return error;
    throw error;
  }
  throw new Error('expected an ImError');
}

describe('a line of the authorization file', () => {
  const cases: readonly [string, Record<string, string>, string][] = [
    ["type = X; password = 'a;b'", { type: 'X', password: 'a;b' }, 'keeps ; inside quotes'],
    [`type = X; password = "a;'b"`, { type: 'X', password: "a;'b" }, 'keeps the other kind of quote inside quotes'],
    ['type = X; username = a=b', { type: 'X', username: 'a=b' }, 'cuts at the first = only'],
    ["type = X; username = 'a=b'", { type: 'X', username: 'a=b' }, 'keeps = inside quotes'],
    ['type=X;username=a', { type: 'X', username: 'a' }, 'needs no blanks'],
    ['type = X; a = ; b = c', { type: 'X', b: 'c' }, 'skips a key without value, and goes on'],
    [`'type' = X; "a" = 'b'`, { type: 'X', a: 'b' }, 'takes keys in quotes'],
    ["type = X; a = ''", { type: 'X', a: '' }, 'takes an empty quoted value'],
    ['type = X;; a = b', { type: 'X', a: 'b' }, 'skips empty pieces'],
    ['type = X; nothing here; a = b', { type: 'X', a: 'b' }, 'skips a piece without ='],
    [
      "type = X; password = it's; a = b",
      { type: 'X', password: "it's", a: 'b' },
      'takes a quote inside a value literally',
    ],
    [
      "type = X; password = 'open; a = b",
      { type: 'X', password: "'open", a: 'b' },
      'takes a quote without match literally',
    ],
    ["type = X; password = ' b '", { type: 'X', password: 'b' }, 'trims inside quotes as the references do'],
    ['type = X; key = l1\\nl2', { type: 'X', key: 'l1\nl2' }, 'turns backslash-n of a value into a newline'],
    ['type = X; a = 1; a = 2', { type: 'X', a: '2' }, 'lets the last of equal keys win'],
    ['type = X; token = file(/etc/passwd)', { type: 'X', token: 'file(/etc/passwd)' }, 'never resolves file()'],
    ['type = X; token = command(id)', { type: 'X', token: 'command(id)' }, 'never resolves command()'],
    ['id = dummy; type = Dummy;', { id: 'dummy', type: 'Dummy' }, 'takes a final ;'],
    ['garbage', {}, 'makes an empty item of text without ='],
    ["type = 'EC2';  username = 'A B';", { type: 'EC2', username: 'A B' }, 'takes what im-dashboard sends'],
  ];
  for (const [line, item, rule] of cases) {
    it(rule, () => expect(parseAuthLine(line)).to.deep.equal(item));
  }

  it('keeps a key such as __proto__ as plain data', () => {
    const item = parseAuthLine('type = X; __proto__ = y');
    expect(Object.getPrototypeOf(item)).to.equal(Object.prototype);
    expect(Object.keys(item)).to.deep.equal(['type', '__proto__']);
  });

  it('never throws and always ends, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('a', '=', ';', "'", '"', '\\', 'n', ' ', '\n') }), (line) => {
        for (const value of Object.values(parseAuthLine(line))) expect(value).to.be.a('string');
      }),
    );
  });

  it('reads back any value that is written in quotes', () => {
    const value = fc.string({ unit: fc.constantFrom('a', '=', ';', "'", ' ', 'b') }).map((text) => text.trim());
    fc.assert(
      fc.property(value, (text) => {
        expect(parseAuthLine(`type = X; password = "${text}"; z = 1`)).to.deep.equal({
          type: 'X',
          password: text,
          z: '1',
        });
      }),
    );
  });
});

describe('the Authorization header', () => {
  it('separates lines by backslash-n and newlines of values by two backslashes and n', () => {
    expect(parseAuthHeader('type = X; key = l1\\\\nl2\\ntype = Y; a = b')).to.deep.equal([
      { type: 'X', key: 'l1\nl2' },
      { type: 'Y', a: 'b' },
    ]);
  });

  it('skips comments and empty lines', () => {
    expect(parseAuthHeader('# c\\ntype = X\\n\\n')).to.deep.equal([{ type: 'X' }]);
  });

  it('takes a JSON array, and one JSON object as an array of one', () => {
    const item = { type: 'InfrastructureManager', username: 'u1', password: 'p1' };
    expect(parseAuthHeader(JSON.stringify([item]))).to.deep.equal([item]);
    expect(parseAuthHeader(JSON.stringify(item))).to.deep.equal([item]);
  });

  it('keeps newlines of JSON values, which the line form would cut', () => {
    const key = '-----BEGIN-----\nabc\n-----END-----\n';
    expect(parseAuthHeader(JSON.stringify([{ type: 'X', private_key: key }]))).to.deep.equal([
      { type: 'X', private_key: key },
    ]);
  });

  it('takes Basic with everything after the first colon as password', () => {
    const encoded = Buffer.from('ann:p:w').toString('base64');
    expect(parseAuthHeader(`bAsIc ${encoded}`)).to.deep.equal([
      { type: 'InfrastructureManager', username: 'ann', password: 'p:w' },
    ]);
  });

  it('takes Bearer, with quotes around the token or without', () => {
    expect(parseAuthHeader("Bearer 'tok.en'")).to.deep.equal([{ type: 'InfrastructureManager', token: 'tok.en' }]);
    expect(parseAuthHeader('bearer tok.en')).to.deep.equal([{ type: 'InfrastructureManager', token: 'tok.en' }]);
  });

  it('does not take a key named basic for the scheme', () => {
    expect(parseAuthHeader('basic = x; type = Y')).to.deep.equal([{ basic: 'x', type: 'Y' }]);
  });

  const malformed: readonly [string, string, string][] = [
    ['Basic %%%', 'not base64', 'Basic that is no base64'],
    [`Basic ${Buffer.from('nocolon').toString('base64')}`, 'no ":"', 'Basic without colon'],
    ['id = 1a; type = X', 'Incorrect value in auth item id: 1a', 'an id with a bad character'],
    ['[{"type": "X"', 'not valid JSON', 'broken JSON'],
    ['[1]', 'item 1 of the authorization data must be an object', 'a JSON array of numbers'],
    ['[{"type": "X"}, {"a": ["s3cret"]}]', 'key "a" of item 2', 'a nested JSON value, naming item and key'],
  ];
  for (const [header, text, what] of malformed) {
    it(`refuses ${what} as invalid credentials`, () => {
      const error = failure(() => parseAuthHeader(header));
      expect(error.code).to.equal('invalid-credentials');
      expect(error.message).to.contain(text);
    });
  }

  it('never shows a secret of malformed data', () => {
    for (const header of [
      '[{"password": "CANARY}',
      '[{"password": ["CANARY"]}]',
      `Basic ${Buffer.from('CANARY').toString('base64')}`,
    ]) {
      expect(failure(() => parseAuthHeader(header)).message).not.to.contain('CANARY');
    }
  });

  it('refuses more than a thousand items', () => {
    expect(failure(() => parseAuthHeader('type = X\\n'.repeat(1001))).message).to.contain('at most 1000');
  });

  it('is UTF-8 where it can be, else Latin-1', () => {
    expect(decodeText(Buffer.from('é', 'utf8'))).to.equal('é');
    expect(decodeText(Buffer.from('é', 'latin1'))).to.equal('é');
  });
});

describe('structured authorization data', () => {
  it('makes texts of numbers and booleans and leaves nulls out', () => {
    expect(itemsFromObjects([{ type: 'X', extra: 7n, flag: true, gone: null }])).to.deep.equal([
      { type: 'X', extra: '7', flag: 'true' },
    ]);
  });

  it('takes maps as XML-RPC reads them', () => {
    expect(itemsFromObjects([new Map([['type', 'X']])])).to.deep.equal([{ type: 'X' }]);
  });

  it('replaces nothing in the values', () => {
    expect(itemsFromObjects([{ type: 'X', key: 'a\\nb; c = d' }])).to.deep.equal([{ type: 'X', key: 'a\\nb; c = d' }]);
  });
});
