// SPDX-License-Identifier: Apache-2.0
// A strict, bounded XML parser for requests: elements and their text, no document types, no entities of the sender.
import { SaxesParser } from 'saxes';
import { errorText } from '../../domain/index.js';
import { badXml, XmlRpcFault } from './fault.js';

/** An element; mixed content keeps its text joined. */
export interface XmlElement {
  readonly name: string;
  readonly children: XmlElement[];
  text: string;
}

// An XML-RPC value needs three levels of elements per level of nesting; real calls stay below 15.
const MAX_DEPTH = 150;
const MAX_ELEMENTS = 200_000;

/**
 * Parses a document.
 * @returns its root
 * @throws XmlRpcFault saying where and why it is not well-formed XML, or which bound it exceeds
 */
export function parseXml(text: string): XmlElement {
  const parser = new SaxesParser({ position: true });
  const open: XmlElement[] = [];
  let root: XmlElement | undefined;
  let elements = 0;

  const fail = (reason: string): never => {
    throw badXml(`${reason}: line ${parser.line}, column ${parser.column}`);
  };
  parser.on('doctype', () => fail('a document type is not allowed'));
  parser.on('xmldecl', ({ encoding }) => {
    if (encoding !== undefined && !/^(utf-?8|us-ascii)$/i.test(encoding)) fail('the encoding must be UTF-8');
  });
  parser.on('opentag', ({ name }) => {
    elements += 1;
    if (elements > MAX_ELEMENTS) fail(`more than ${MAX_ELEMENTS} elements`);
    if (open.length >= MAX_DEPTH) fail(`elements nested more than ${MAX_DEPTH} deep`);
    const element: XmlElement = { name, children: [], text: '' };
    const parent = open.at(-1);
    if (parent) parent.children.push(element);
    else root = element;
    open.push(element);
  });
  parser.on('closetag', () => void open.pop());
  const addText = (piece: string): void => {
    const element = open.at(-1);
    if (element) element.text += piece;
  };
  parser.on('text', addText);
  parser.on('cdata', addText);

  try {
    parser.write(text).close();
  } catch (error) {
    if (error instanceof XmlRpcFault) throw error;
    // Messages of saxes begin with "line:column: ".
    fail(`not well-formed XML: ${errorText(error).replace(/^\d+:\d+: /, '')}`);
  }
  return root ?? fail('no element found');
}
