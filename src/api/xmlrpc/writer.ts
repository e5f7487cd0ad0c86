// SPDX-License-Identifier: Apache-2.0
// Writes responses and faults with the serializer of the `xmlrpc` package.
//
// The package builds the document (arrays, structs, escaping of member names). Scalars are handed to it with their
// element named, because its own choice is wrong for us: 1.0 becomes an int, integers over 32 bits become `<int>`, texts
// with `<` or `&` become CDATA, which fails for texts that hold `]]>`, and control characters make it throw.
import CustomType from 'xmlrpc/lib/customtype.js';
import { serializeFault, serializeMethodResponse } from 'xmlrpc/lib/serializer.js';
import { xmlText } from '../xml-text.js';
import { isArray, isStruct, type XmlRpcValue } from './value.js';

/** A scalar with its element. */
class Typed extends CustomType {
  constructor(tagName: string, raw: string) {
    super(raw);
    this.tagName = tagName;
  }
}

const MAX_INT = 2n ** 31n - 1n;
const MIN_INT = -(2n ** 31n);

function writable(value: XmlRpcValue): unknown {
  switch (typeof value) {
    case 'string':
      return new Typed('string', xmlText(value));
    case 'boolean':
      return value;
    case 'bigint':
      return new Typed(value >= MIN_INT && value <= MAX_INT ? 'int' : 'i8', value.toString());
    case 'number':
      return new Typed('double', Number.isInteger(value) ? value.toFixed(1) : String(value));
  }
  // Clients that do not know <nil/> read an empty text.
  if (value === null) return new Typed('string', '');
  if (isArray(value)) return value.map(writable);
  if (isStruct(value)) return Object.fromEntries([...value].map(([name, member]) => [xmlText(name), writable(member)]));
  return new Typed('base64', Buffer.from(value).toString('base64'));
}

/** The XML of a successful or failed method: `[success, value]` (xmlrpc-api.md §2.1). */
export function writeResult(isSuccess: boolean, value: XmlRpcValue): string {
  return withDeclaration(serializeMethodResponse([isSuccess, writable(value)]));
}

/** The XML of a fault. */
export function writeFault(text: string): string {
  return withDeclaration(
    serializeFault({ faultCode: new Typed('int', '1'), faultString: new Typed('string', xmlText(text)) }),
  );
}

/** Answers begin as those of the reference do (xmlrpc-api.md §1). */
const withDeclaration = (xml: string): string => xml.replace(/^<\?xml[^>]*\?>/, "<?xml version='1.0'?>\n");
