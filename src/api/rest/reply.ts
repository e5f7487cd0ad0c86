// SPDX-License-Identifier: Apache-2.0
// What a route answers, apart from how it is written: the same value as JSON, text or CSV (rest-api.md §4.3).
import type { ManagerEvent } from '../../manager/manager.js';
import type { Format } from './accept.js';
import { type JsonInput, jsonText } from './json-text.js';

/** A successful answer; the status is always 200. */
export type Reply = ReplyBody & { readonly headers?: Readonly<Record<string, string>> };

type ReplyBody =
  /** Nothing to say. */
  | { readonly kind: 'empty' }
  /** One resource. */
  | { readonly kind: 'uri'; readonly uri: string }
  /** A list of resources. */
  | { readonly kind: 'uris'; readonly uris: readonly string[] }
  /** One named value; `text` is its form outside JSON. */
  | { readonly kind: 'field'; readonly name: string; readonly json: JsonInput; readonly text?: string }
  /** JSON without a wrapper. */
  | { readonly kind: 'json'; readonly json: JsonInput }
  /** A table with equal columns in every row. */
  | {
      readonly kind: 'table';
      readonly name: string;
      readonly rows: readonly Readonly<Record<string, string | number | boolean>>[];
    }
  /** Events until one of both sides ends them. */
  | { readonly kind: 'events'; readonly events: AsyncIterable<ManagerEvent> }
  /** Ready text of a type that does not depend on Accept. */
  | { readonly kind: 'raw'; readonly type: string; readonly text: string };

/** A body and its type. */
export interface WrittenReply {
  readonly type: string;
  readonly text: string;
}

const JSON_TYPE = 'application/json';

const withCharset = (type: string): string => (type.startsWith('text/') ? `${type}; charset=utf-8` : type);

/** @param defaultType media type of the route's text form */
export function writeReply(
  reply: Exclude<Reply, { readonly kind: 'events' }>,
  format: Format,
  defaultType: string,
): WrittenReply {
  switch (reply.kind) {
    case 'empty':
      return { type: withCharset('text/plain'), text: '' };
    case 'raw':
      return { type: reply.type, text: reply.text };
    case 'uri':
      return format === 'json' ? json({ uri: reply.uri }) : { type: withCharset(defaultType), text: reply.uri };
    case 'uris':
      return format === 'json'
        ? json({ 'uri-list': reply.uris.map((uri) => ({ uri })) })
        : { type: withCharset(defaultType), text: reply.uris.join('\n') };
    case 'field':
      return format === 'json' || reply.text === undefined
        ? json({ [reply.name]: reply.json })
        : { type: withCharset(defaultType), text: reply.text };
    case 'table':
      return format === 'csv'
        ? { type: withCharset('text/csv'), text: csvText(reply.rows) }
        : json({ [reply.name]: reply.rows });
    case 'json':
      return json(reply.json);
  }
}

function json(value: JsonInput): WrittenReply {
  return { type: JSON_TYPE, text: jsonText(value) };
}

/** Header and rows with CRLF line ends; Python's words for booleans. No rows: one empty line (rest-api.md §9.20). */
function csvText(rows: readonly Readonly<Record<string, string | number | boolean>>[]): string {
  const columns = Object.keys(rows[0] ?? {});
  const lines = rows.map((row) => columns.map((column) => csvCell(row[column] ?? '')));
  return (rows.length === 0 ? [[]] : [columns, ...lines]).map((cells) => `${cells.join(',')}\r\n`).join('');
}

function csvCell(value: string | number | boolean): string {
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
