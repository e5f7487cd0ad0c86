// SPDX-License-Identifier: Apache-2.0
// JSON of answers: compact, with integers of any size and ordered keys (rest-api.md §4.3).
import { expect } from 'chai';
import fc from 'fast-check';
import { jsonText } from '../../../src/api/rest/json-text.js';

describe('JSON text of answers', () => {
  it('is what JSON.stringify writes, for values that it can write', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(jsonText(plain(value))).to.equal(JSON.stringify(value));
      }),
    );
  });

  it('writes integers of any size', () => {
    expect(jsonText({ a: 12345678901234567890n, b: [1n, 1.5] })).to.equal('{"a":12345678901234567890,"b":[1,1.5]}');
  });

  it('keeps the order and any name of map keys, and leaves undefined members out', () => {
    const map = new Map<string, string>([
      ['10', 'x'],
      ['2', 'y'],
      ['__proto__', 'z'],
    ]);
    expect(jsonText({ map, gone: undefined })).to.equal('{"map":{"10":"x","2":"y","__proto__":"z"}}');
  });

  it('keeps characters outside ASCII', () => expect(jsonText('é😀')).to.equal('"é😀"'));
});

type Plain = string | number | boolean | null | readonly Plain[] | { readonly [key: string]: Plain };

/** `fc.jsonValue` has an unknown type; this gives it its real one. */
function plain(value: unknown): Plain {
  if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
    return value;
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === 'object')
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, plain(member)]));
  throw new Error('not JSON');
}
