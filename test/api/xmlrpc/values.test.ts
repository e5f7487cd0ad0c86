// SPDX-License-Identifier: Apache-2.0
// Reading and writing of values: what is written can be read back, and no input does anything but answer or fault.
import { expect } from 'chai';
import fc from 'fast-check';
import { xmlText } from '../../../src/api/xml-text.js';
import { XmlRpcFault } from '../../../src/api/xmlrpc/fault.js';
import { readMethodCall } from '../../../src/api/xmlrpc/reader.js';
import type { XmlRpcValue } from '../../../src/api/xmlrpc/value.js';
import { writeFault, writeResult } from '../../../src/api/xmlrpc/writer.js';

/** A written response as a call with the result as its parameter. */
function readBack(xml: string): XmlRpcValue {
  const params = xml.slice(xml.indexOf('<params>'), xml.indexOf('</methodResponse>'));
  const [result] = readMethodCall(`<methodCall><methodName>x</methodName>${params}</methodCall>`).parameters;
  return Array.isArray(result) ? result[1] : null;
}

const text = fc.string({ unit: fc.constantFrom('a', '<', '>', '&', "'", '"', ']]>', '\t', '\n', ' ', 'é', '😀', '%') });

const { value } = fc.letrec<{ value: XmlRpcValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    text,
    fc.boolean(),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => (Object.is(number, -0) ? 0 : number)),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(text, tie('value'), { maxKeys: 4 }).map((object) => new Map(Object.entries(object))),
  ),
}));

describe('XML-RPC values', () => {
  it('are read back as they were written', () => {
    fc.assert(
      fc.property(value, (original) => {
        expect(readBack(writeResult(true, original))).to.deep.equal(original);
      }),
    );
  });

  const written: readonly [string, XmlRpcValue, string][] = [
    ['the largest int', 2147483647n, '<int>2147483647</int>'],
    ['a larger integer', 2147483648n, '<i8>2147483648</i8>'],
    ['the smallest int', -2147483648n, '<int>-2147483648</int>'],
    ['a double without fraction', 3, '<double>3.0</double>'],
    ['a double', 1.5, '<double>1.5</double>'],
    ['markup', '<a> & ]]>', '<string>&lt;a&gt; &amp; ]]&gt;</string>'],
    ['bytes', new Uint8Array([1, 2, 3]), '<base64>AQID</base64>'],
    ['nil, for clients that do not know it', null, '<value><string></string></value>'],
  ];
  for (const [what, original, xml] of written) {
    it(`${what} is written as ${xml}`, () => {
      expect(writeResult(true, original).replaceAll('<string/>', '<string></string>')).to.contain(xml);
    });
  }

  it('never hold characters that XML cannot', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (original) => {
        expect(readBack(writeResult(true, original))).to.equal(xmlText(original));
      }),
    );
    expect(xmlText('a\u0000\u001b[0m\ud800b\ufffe')).to.equal('a[0m\ufffdb');
  });

  it('any text is answered with a call or a fault', () => {
    const piece = fc.constantFrom(
      ...[
        '<methodCall>',
        '</methodCall>',
        '<methodName>',
        'x',
        '</methodName>',
        '<params>',
        '<param>',
        '<value>',
        '<int>',
        '7',
      ],
      ...[
        '</int>',
        '</value>',
        '</param>',
        '</params>',
        '<struct>',
        '<member/>',
        '</struct>',
        '&amp;',
        '&x;',
        '<!DOCTYPE x>',
        '<?xml?>',
        '<![CDATA[',
      ],
    );
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        try {
          expect(readMethodCall(pieces.join('')).method).to.be.a('string');
        } catch (error) {
          expect(error).to.be.instanceOf(XmlRpcFault);
        }
      }),
    );
  });

  it('a fault is XML whatever its text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (message) => {
        expect(writeFault(message)).to.contain('<fault>');
      }),
    );
  });
});
