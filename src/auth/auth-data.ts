// SPDX-License-Identifier: Apache-2.0
// Authorization data in the forms in which it reaches the service: header (lines, JSON, Basic, Bearer) and file.
import { type AuthItem, errorText } from '../domain/index.js';
import { parseAuthLines } from './auth-line.js';
import { checkItems, IM_TYPE, itemsFromObjects, malformedAuthorization } from './item.js';

const BASIC = /^basic\s+([^\s=].*)$/is;
const BEARER = /^bearer\s+([^\s=].*)$/is;

/** Items that a Basic or Bearer header means besides the user: where the credentials of the clouds are. */
export interface HeaderExtras {
  basic?(username: string, password: string): readonly AuthItem[];
  bearer?(token: string): readonly AuthItem[];
}

/**
 * Reads the value of an Authorization header (rest-api.md §6).
 * @param extras what the daemon is configured to add; the other forms name everything themselves
 * @throws ImError `invalid-credentials` when it is malformed; the text names item and key, never a value.
 *
 * @example parseAuthHeader("type = InfrastructureManager; username = u\\nid = d; type = Dummy") // two items
 */
export function parseAuthHeader(header: string, extras: HeaderExtras = {}): readonly AuthItem[] {
  const value = header.trim();
  const basic = BASIC.exec(value);
  if (basic) {
    const { username, password } = parseBasic(basic[1] ?? '');
    return [{ type: IM_TYPE, username, password }, ...(extras.basic?.(username, password) ?? [])];
  }
  const bearer = BEARER.exec(value);
  if (bearer) {
    const token = withoutQuotes(bearer[1] ?? '');
    return [{ type: IM_TYPE, token }, ...(extras.bearer?.(token) ?? [])];
  }
  if (value.startsWith('[') || value.startsWith('{')) return parseAuthJson(value);
  // `\\n` is a newline inside a value and must be gone before `\n` separates the lines.
  return checkItems(parseAuthLines(value.replaceAll('\\\\n', '\n').split('\\n')));
}

/** A JSON array of objects, or one object. */
function parseAuthJson(text: string): readonly AuthItem[] {
  let input: unknown;
  try {
    input = JSON.parse(text);
  } catch (error) {
    throw malformedAuthorization(`Malformed authorization: it is not valid JSON${placeOf(error)}.`);
  }
  return itemsFromObjects(Array.isArray(input) ? input : [input]);
}

// The message of JSON.parse quotes the text around the mistake, which may hold a password: only the position is kept.
function placeOf(error: unknown): string {
  const position = /position \d+/.exec(errorText(error));
  return position ? ` (${position[0]})` : '';
}

function parseBasic(encoded: string): { readonly username: string; readonly password: string } {
  const text = encoded.trim();
  if (!/^[A-Za-z0-9+/_-]+={0,2}$/.test(text)) {
    throw malformedAuthorization('Malformed authorization: the Basic credentials are not base64.');
  }
  const decoded = decodeText(Buffer.from(text, 'base64'));
  const colon = decoded.indexOf(':');
  if (colon === -1) {
    throw malformedAuthorization('Malformed authorization: the Basic credentials have no ":" after the user name.');
  }
  return { username: decoded.slice(0, colon), password: decoded.slice(colon + 1) };
}

// im-client can send `Bearer 'tok'` when the token comes out of command() (auth.md §13).
function withoutQuotes(token: string): string {
  const text = token.trim();
  const quoted = /^(['"])(.*)\1$/s.exec(text);
  return quoted ? (quoted[2] ?? '').trim() : text;
}

/** Text of bytes that should be UTF-8; other bytes are read as Latin-1, as the references do (rest-api.md §6). */
export function decodeText(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return Buffer.from(bytes).toString('latin1');
  }
}
