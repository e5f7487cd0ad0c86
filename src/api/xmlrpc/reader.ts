// SPDX-License-Identifier: Apache-2.0
// Reads method calls.
//
// The deserializer of the `xmlrpc` package is not used: it parses without strictness (unclosed elements pass), accepts
// document types, lets a member named `__proto__` change the prototype of its struct, reads `<int>12abc</int>` as 12 and
// `<i8>` as text, does not know `<ex:nil/>`, and calls the deprecated `new Buffer`. Clients of ours need none of that
// leniency, and all of it reaches the daemon before any credential is checked.
import { badXml } from './fault.js';
import type { MethodCall, XmlRpcStruct, XmlRpcValue } from './value.js';
import { parseXml, type XmlElement } from './xml-tree.js';

/**
 * Reads a `<methodCall>`.
 * @throws XmlRpcFault when the text is something else
 */
export function readMethodCall(text: string): MethodCall {
  const root = parseXml(text);
  if (root.name !== 'methodCall') throw unexpected(root, 'methodCall');
  const [methodName, params, ...more] = root.children;
  if (methodName?.name !== 'methodName' || more.length > 0) throw badXml('a methodCall holds methodName and params');
  if (params && params.name !== 'params') throw unexpected(params, 'params');
  const parameters = (params?.children ?? []).map((param) => {
    if (param.name !== 'param') throw unexpected(param, 'param');
    return readValue(onlyChild(param));
  });
  return { method: methodName.text.trim(), parameters };
}

const unexpected = (element: XmlElement, expected: string): Error =>
  badXml(`found element ${element.name.slice(0, 50)} where ${expected} was expected`);

function onlyChild(element: XmlElement): XmlElement {
  const [child, ...more] = element.children;
  if (!child || more.length > 0) throw badXml(`element ${element.name} must hold exactly one element`);
  return child;
}

function readValue(element: XmlElement): XmlRpcValue {
  if (element.name !== 'value') throw unexpected(element, 'value');
  // Without a type element the value is a string, blanks included.
  if (element.children.length === 0) return element.text;
  if (element.text.trim() !== '') throw badXml('a value holds either text or one element');
  return readTyped(onlyChild(element));
}

function readTyped(element: XmlElement): XmlRpcValue {
  const { name, text } = element;
  switch (name) {
    case 'array':
      return readArray(element);
    case 'struct':
      return readStruct(element);
    case 'nil':
    case 'ex:nil':
      return null;
  }
  if (element.children.length > 0) throw badXml(`element ${name.slice(0, 50)} must hold text only`);
  const content = text.trim();
  switch (name) {
    case 'string':
    case 'dateTime.iso8601':
      return text;
    case 'int':
    case 'i4':
    case 'i8':
    case 'ex:i8':
    case 'i1':
    case 'i2':
      if (!/^[+-]?\d{1,30}$/.test(content)) throw badXml(`an ${name} must be a whole number`);
      return BigInt(content.replace(/^\+/, ''));
    case 'boolean':
      if (content !== '0' && content !== '1') throw badXml('a boolean must be 0 or 1');
      return content === '1';
    case 'double': {
      const value = content === '' ? Number.NaN : Number(content);
      if (!Number.isFinite(value)) throw badXml('a double must be a number');
      return value;
    }
    case 'base64':
      return Buffer.from(content, 'base64');
    default:
      throw unexpected(element, 'a type');
  }
}

function readArray(element: XmlElement): readonly XmlRpcValue[] {
  const data = onlyChild(element);
  if (data.name !== 'data') throw unexpected(data, 'data');
  return data.children.map(readValue);
}

function readStruct(element: XmlElement): XmlRpcStruct {
  return new Map(
    element.children.map((member): [string, XmlRpcValue] => {
      const [name, value, ...more] = member.children;
      if (member.name !== 'member' || name?.name !== 'name' || !value || more.length > 0) {
        throw badXml('a struct holds members, each with name and value');
      }
      return [name.text, readValue(value)];
    }),
  );
}
