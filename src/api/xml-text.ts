// SPDX-License-Identifier: Apache-2.0
// Text that may stand in XML: without the characters that XML cannot hold, and escaped for elements and attributes.

// biome-ignore lint/suspicious/noControlCharactersInRegex: exactly these are not allowed in XML
const NOT_XML = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g;
const LONE_SURROGATE = /\p{Surrogate}/gu;

/** The text without characters that XML cannot hold: logs of machines are full of them (xmlrpc-api.md §2.4). */
export function xmlText(text: string): string {
  return text.replace(NOT_XML, '').replace(LONE_SURROGATE, '\ufffd');
}

const ENTITIES: ReadonlyMap<string, string> = new Map([
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['"', '&quot;'],
  ['\n', '&#10;'],
  ['\r', '&#13;'],
  ['\t', '&#9;'],
]);

/** For the inside of elements. */
export function escapeXmlText(text: string): string {
  return xmlText(text).replace(/[&<>\r]/g, (character) => ENTITIES.get(character) ?? character);
}

/** For attributes between double quotes. */
export function escapeXmlAttribute(text: string): string {
  return xmlText(text).replace(/[&<>"\n\r\t]/g, (character) => ENTITIES.get(character) ?? character);
}
