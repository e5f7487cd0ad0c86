// SPDX-License-Identifier: Apache-2.0
// XML elements as data, and their text with an indentation of two blanks.
import { escapeXmlAttribute, escapeXmlText } from '../xml-text.js';

/** An element that holds either a text or other elements. */
export interface XmlElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly content: string | readonly XmlElement[];
}

/** Makes an element. */
export function element(
  name: string,
  content: string | readonly XmlElement[],
  attributes: Readonly<Record<string, string>> = {},
): XmlElement {
  return { name, attributes, content };
}

/** The text of an element and all in it, each on lines of its own, with a final line end. */
export function printXml({ name, attributes, content }: XmlElement, indentation = ''): string {
  const pairs = Object.entries(attributes).map(([key, value]) => ` ${key}="${escapeXmlAttribute(value)}"`);
  const open = `${indentation}<${name}${pairs.join('')}`;
  if (content.length === 0) return `${open} />\n`;
  if (typeof content === 'string') return `${open}>${escapeXmlText(content)}</${name}>\n`;
  const inside = content.map((child) => printXml(child, `${indentation}  `)).join('');
  return `${open}>\n${inside}${indentation}</${name}>\n`;
}
