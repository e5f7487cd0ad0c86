// SPDX-License-Identifier: Apache-2.0
// The one place that decides what is secret in logs, events and bundles, and hides it. Every repetition in the
// patterns is bounded or consumes what it matches, so that hostile text costs linear time.
import { MASK, maskUrls } from '../util/mask-url.js';

const SECRET_WORDS: ReadonlySet<string> = new Set([
  'password',
  'passwords',
  'passwd',
  'pwd',
  'passphrase',
  'token',
  'tokens',
  'secret',
  'secrets',
  'authorization',
  'cookie',
  'cookies',
  'proxy',
  'signature',
]);

const SECRET_PAIRS: ReadonlySet<string> = new Set(['private key', 'api key', 'access key', 'secret key', 'ssh key']);

/** Words of an identifier: `privateKey`, `private_key` and `credentials.private-key` all end in "private key". */
function wordsOf(name: string): readonly string[] {
  return name
    .slice(0, 256)
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '');
}

/** Whether the value under such a key is never shown (auth.md §12): passwords, tokens, keys, proxies, headers with them. */
export function isSecretKey(name: string): boolean {
  const words = wordsOf(name);
  return words.some(
    (word, index) =>
      SECRET_WORDS.has(word) ||
      word === 'privatekey' ||
      word === 'apikey' ||
      SECRET_PAIRS.has(`${words[index - 1]} ${word}`),
  );
}

// A secret key in running text, as far as the delimiter before its value. What stands before the key word does not
// matter; what may follow it (password_hash, token_type) is bounded.
const KEY_IN_TEXT =
  /(?:passw(?:or)?d|passphrase|private[_-]?key|secret[_-]?key|access[_-]?key|api[_-]?key|secret|token|proxy|set-cookie|cookie|authorization)[\w.-]{0,32}(?:\\?["'])?\s{0,8}(?:=>?|:)\s{0,8}/gi;

const LONGEST_LINE_LOOK_AHEAD = 4096;

/** Where a quoted value that begins at `start` ends, its closing quote included; the end of the text when it never does. */
function endOfQuoted(text: string, start: number): number {
  // In JSON inside JSON the quotes themselves are escaped: then only an escaped quote closes.
  const opening = text[start] === '\\' ? text.slice(start, start + 2) : text.charAt(start);
  for (let at = start + opening.length; at < text.length; at += 1) {
    if (text.startsWith(opening, at)) return at + opening.length;
    if (text[at] === '\\') at += 1;
  }
  return text.length;
}

/** Where an unquoted value ends: at the next `;` of its line (authorization data), otherwise at blank or punctuation. */
function endOfBare(text: string, start: number, key: string): number {
  const ahead = text.slice(start, start + LONGEST_LINE_LOOK_AHEAD);
  const lineLength = ahead.search(/[\r\n]|\\n/);
  const line = lineLength < 0 ? ahead : ahead.slice(0, lineLength);
  // Headers run to the end of their line, whatever they hold.
  if (/^(?:authorization|(?:set-)?cookie)/i.test(key)) return start + line.length;
  const semicolon = key.includes('=') ? line.indexOf(';') : -1;
  if (semicolon >= 0) return start + semicolon;
  const end = line.search(/[\s,;&)}\]"'<>]/);
  return start + (end < 0 ? line.length : end);
}

function maskKeyedValues(text: string): string {
  let masked = '';
  let done = 0;
  KEY_IN_TEXT.lastIndex = 0;
  for (let match = KEY_IN_TEXT.exec(text); match; match = KEY_IN_TEXT.exec(text)) {
    const start = match.index + match[0].length;
    const isQuoted = /^\\?["']/.test(text.slice(start, start + 2));
    const end = isQuoted ? endOfQuoted(text, start) : endOfBare(text, start, match[0]);
    if (end > start) {
      const quote = isQuoted ? (/^\\?["']/.exec(text.slice(start, start + 2))?.[0] ?? '') : '';
      masked += text.slice(done, start) + quote + MASK + quote;
      done = end;
    }
    KEY_IN_TEXT.lastIndex = Math.max(end, start);
  }
  return masked + text.slice(done);
}

const PEM_BEGIN = /-----BEGIN [A-Z0-9 ]{0,64}PRIVATE KEY[A-Z ]{0,16}-----/g;
const PEM_END = /-----END [A-Z0-9 ]{0,64}PRIVATE KEY[A-Z ]{0,16}-----/g;

/** Hides private keys between their markers; one whose end is missing hides the rest of the text. */
function maskPemBlocks(text: string): string {
  if (!text.includes('PRIVATE KEY')) return text;
  let masked = '';
  let done = 0;
  for (;;) {
    PEM_BEGIN.lastIndex = done;
    const begin = PEM_BEGIN.exec(text);
    if (!begin) return masked + text.slice(done);
    PEM_END.lastIndex = begin.index + begin[0].length;
    const end = PEM_END.exec(text);
    masked += `${text.slice(done, begin.index)}${begin[0]}${MASK}`;
    if (!end) return masked;
    masked += end[0];
    done = end.index + end[0].length;
  }
}

// "Basic" and "Bearer" also occur in prose; a credential has at least one character that no plain word has.
const SCHEME_AND_CREDENTIAL = /\b(Bearer|Basic)(\s{1,8})([A-Za-z0-9._~+/=-]{6,})/gi;
// Those that this service gives to nodes (domain/infrastructure-token.ts, domain/call-home.ts).
const NODE_TOKEN = /\bim-(?:infrastructure\.[0-9a-f-]{36}|call-home)\.[\w-]{20,}/g;
const JSON_WEB_TOKEN = /(?<![\w-])eyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?/g;

function maskBearers(text: string): string {
  return text
    .replace(SCHEME_AND_CREDENTIAL, (whole: string, scheme: string, blank: string, credential: string) =>
      /[A-Z0-9_~+/=]/.test(credential) ? `${scheme}${blank}${MASK}` : whole,
    )
    .replace(NODE_TOKEN, MASK)
    .replace(JSON_WEB_TOKEN, MASK);
}

/** Longest text that is looked at; the rest is cut off, because what was not looked at cannot be shown. */
export const LONGEST_TEXT = 64 * 1024;

/**
 * Hides what is secret in running text: private keys, values of secret keys in RADL, authorization data, JSON, YAML,
 * headers and query strings, passwords inside URLs, bearer tokens.
 */
export function redactText(text: string): string {
  const bounded =
    text.length > LONGEST_TEXT
      ? `${text.slice(0, LONGEST_TEXT)} ... (${text.length - LONGEST_TEXT} more characters)`
      : text;
  return redactWhole(bounded);
}

/** The same for a text of any length, for documents that are made for people outside; costs linear time. */
export const redactWhole = (text: string): string => maskBearers(maskUrls(maskKeyedValues(maskPemBlocks(text))));

const DEEPEST = 6;
const MOST_MEMBERS = 100;

function redactError(error: Error, depth: number): unknown {
  const own = Object.entries(error).filter(([key]) => key !== 'message' && key !== 'stack' && key !== 'cause');
  return {
    name: error.name,
    message: redactText(error.message),
    ...(error.stack === undefined ? {} : { stack: redactText(error.stack) }),
    ...redactMembers(own, depth + 1),
    ...(error.cause === undefined ? {} : { cause: redactValue(error.cause, depth + 1) }),
  };
}

function redactMembers(entries: readonly (readonly [string, unknown])[], depth: number): Record<string, unknown> {
  return Object.fromEntries(
    entries
      .slice(0, MOST_MEMBERS)
      .map(([key, value]) => [key, isSecretKey(key) && hasContent(value) ? MASK : redactValue(value, depth)]),
  );
}

// Whether a secret is set at all is often what one looks for, and gives nothing away.
const hasContent = (value: unknown): boolean =>
  value !== undefined && value !== null && value !== '' && typeof value !== 'boolean';

/**
 * A copy of a value that is safe to log: secrets hidden by key and in every text, sizes and depth bounded, errors with
 * name, message, code, stack and cause. The result holds only what JSON can hold.
 */
export function redactValue(value: unknown, depth = 0): unknown {
  switch (typeof value) {
    case 'string':
      return redactText(value);
    case 'bigint':
      return value.toString();
    case 'function':
    case 'symbol':
      return `<${typeof value}>`;
    case 'number':
      return Number.isFinite(value) ? value : String(value);
    case 'object':
      break;
    default:
      return value;
  }
  if (value === null) return null;
  if (depth >= DEEPEST) return '<deeper>';
  if (value instanceof Error) return redactError(value, depth);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? '<invalid date>' : value.toISOString();
  if (ArrayBuffer.isView(value)) return `<${value.byteLength} bytes>`;
  if (value instanceof Map) {
    return redactMembers(
      Array.from(value, ([key, inner]): [string, unknown] => [String(key), inner]),
      depth + 1,
    );
  }
  if (value instanceof Set || Array.isArray(value)) {
    return Array.from(value)
      .slice(0, MOST_MEMBERS)
      .map((inner) => redactValue(inner, depth + 1));
  }
  return redactMembers(Object.entries(value), depth + 1);
}
