// SPDX-License-Identifier: Apache-2.0
// Protocol failures: calls that never reach a method are answered with a fault (xmlrpc-api.md §2.2).

/** A fault; its code is always 1. The text begins with the class name that clients of the reference know. */
export class XmlRpcFault extends Error {
  override readonly name = 'XmlRpcFault';

  constructor(className: string, text: string) {
    super(`<class '${className}'>:${text}`);
  }
}

/** The request is not the XML of a method call. */
export const badXml = (text: string): XmlRpcFault => new XmlRpcFault('xml.parsers.expat.ExpatError', text);

/** The method does not exist. */
export const unknownMethod = (name: string): XmlRpcFault =>
  new XmlRpcFault('Exception', `method "${name.slice(0, 200)}" is not supported`);

/** Names of the mandatory and of the optional parameters of a method, in order. */
export interface Signature {
  readonly required: readonly string[];
  readonly optional: readonly string[];
}

/**
 * Checks the number of arguments, with the words of Python.
 * @throws XmlRpcFault
 */
export function checkArity(method: string, { required, optional }: Signature, given: number): void {
  if (given < required.length) {
    const missing = required.slice(given).map((name) => `'${name}'`);
    const arguments_ = missing.length === 1 ? 'argument' : 'arguments';
    const text = `${method}() missing ${missing.length} required positional ${arguments_}: ${enumerate(missing)}`;
    throw new XmlRpcFault('TypeError', text);
  }
  const most = required.length + optional.length;
  if (given <= most) return;
  const range = optional.length > 0 ? `from ${required.length} to ${most}` : `${most}`;
  const arguments_ = most === 1 && optional.length === 0 ? 'argument' : 'arguments';
  const were = given === 1 ? 'was' : 'were';
  throw new XmlRpcFault('TypeError', `${method}() takes ${range} positional ${arguments_} but ${given} ${were} given`);
}

function enumerate(names: readonly string[]): string {
  if (names.length <= 2) return names.join(' and ');
  return `${names.slice(0, -1).join(', ')}, and ${names.at(-1)}`;
}
