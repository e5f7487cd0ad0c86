// SPDX-License-Identifier: Apache-2.0
// Messages of WS-Management as Windows Remote Management speaks it (MS-WSMV): written as text, read by the names of their elements.
import { randomUUID } from 'node:crypto';
import { SaxesParser } from 'saxes';

const SHELL = 'http://schemas.microsoft.com/wbem/wsman/1/windows/shell';
const TRANSFER = 'http://schemas.xmlsoap.org/ws/2004/09/transfer';
const ANONYMOUS = 'http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous';
const NAMESPACES = [
  'xmlns:s="http://www.w3.org/2003/05/soap-envelope"',
  'xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing"',
  'xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"',
  'xmlns:p="http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd"',
  `xmlns:rsp="${SHELL}"`,
].join(' ');
const LARGEST_ENVELOPE = 153_600;

/** What is asked of a shell. */
export const ACTIONS = {
  create: `${TRANSFER}/Create`,
  delete: `${TRANSFER}/Delete`,
  command: `${SHELL}/Command`,
  send: `${SHELL}/Send`,
  receive: `${SHELL}/Receive`,
  signal: `${SHELL}/Signal`,
} as const;

/** The code that ends a command. */
export const TERMINATE = `${SHELL}/signal/terminate`;

/** Asks who answers, without a shell. */
export const IDENTIFY =
  '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:wsmid="http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd"><s:Header/><s:Body><wsmid:Identify/></s:Body></s:Envelope>';

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** A text between tags or quotation marks. */
export const escapeXml = (text: string): string => text.replace(/[&<>"]/g, (character) => ENTITIES[character] ?? '');

/** One message to a shell. */
export interface ShellMessage {
  readonly to: string;
  readonly action: string;
  readonly shellId?: string;
  readonly options?: Readonly<Record<string, string>>;
  /** XML of the body. */
  readonly body: string;
  readonly timeoutSeconds: number;
}

const must = 's:mustUnderstand="true"';

/** The text of a message. */
export function envelope({ to, action, shellId, options = {}, body, timeoutSeconds }: ShellMessage): string {
  const optionXml = Object.entries(options).map(([name, value]) => `<w:Option Name="${name}">${value}</w:Option>`);
  const header = [
    `<a:To>${escapeXml(to)}</a:To>`,
    `<a:ReplyTo><a:Address ${must}>${ANONYMOUS}</a:Address></a:ReplyTo>`,
    `<w:MaxEnvelopeSize ${must}>${LARGEST_ENVELOPE}</w:MaxEnvelopeSize>`,
    `<a:MessageID>uuid:${randomUUID().toUpperCase()}</a:MessageID>`,
    '<w:Locale xml:lang="en-US" s:mustUnderstand="false"/><p:DataLocale xml:lang="en-US" s:mustUnderstand="false"/>',
    `<w:OperationTimeout>PT${timeoutSeconds}S</w:OperationTimeout>`,
    `<w:ResourceURI ${must}>${SHELL}/cmd</w:ResourceURI>`,
    `<a:Action ${must}>${action}</a:Action>`,
    ...(shellId === undefined
      ? []
      : [`<w:SelectorSet><w:Selector Name="ShellId">${escapeXml(shellId)}</w:Selector></w:SelectorSet>`]),
    ...(optionXml.length === 0 ? [] : [`<w:OptionSet>${optionXml.join('')}</w:OptionSet>`]),
  ];
  return `<?xml version="1.0" encoding="UTF-8"?><s:Envelope ${NAMESPACES}><s:Header>${header.join('')}</s:Header><s:Body>${body}</s:Body></s:Envelope>`;
}

/** An element of an answer: name without prefix, attributes without prefix, own text. */
export interface SoapElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly text: string;
}

const withoutPrefix = (name: string): string => name.slice(name.indexOf(':') + 1);

/**
 * All elements of an answer in the order of their ends.
 * @throws Error when it is no XML
 */
export function readSoap(text: string): readonly SoapElement[] {
  const parser = new SaxesParser();
  const open: { name: string; attributes: Record<string, string>; text: string }[] = [];
  const elements: SoapElement[] = [];
  parser.on('error', (error) => {
    throw error;
  });
  parser.on('opentag', ({ name, attributes }) => {
    const entries = Object.entries(attributes).map(([key, value]) => [withoutPrefix(key), String(value)] as const);
    open.push({ name: withoutPrefix(name), attributes: Object.fromEntries(entries), text: '' });
  });
  const add = (part: string): void => {
    const current = open.at(-1);
    if (current) current.text += part;
  };
  parser.on('text', add);
  parser.on('cdata', add);
  parser.on('closetag', () => {
    const element = open.pop();
    if (element) elements.push(element);
  });
  parser.write(text).close();
  return elements;
}
