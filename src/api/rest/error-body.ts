// SPDX-License-Identifier: Apache-2.0
// The body of an error answer: JSON, HTML or plain text by the Accept header (rest-api.md §5.1), problem+json on demand.
import { type JsonInput, jsonText } from './json-text.js';
import type { RestProblem } from './problem.js';

/** A written error. */
export interface ErrorBody {
  readonly type: string;
  readonly text: string;
}

const HTML_ENTITIES: ReadonlyMap<string, string> = new Map([
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['"', '&quot;'],
  ["'", '&#39;'],
]);

/** Text that is safe inside HTML attributes, and inside elements. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => HTML_ENTITIES.get(character) ?? character);
}

/** Text that is safe inside HTML elements; quotes stay as clients of the reference know them. */
function escapeElementText(text: string): string {
  return text.replace(/[&<>]/g, (character) => HTML_ENTITIES.get(character) ?? character);
}

function htmlPage(status: number, message: string): string {
  return `<!DOCTYPE HTML PUBLIC "-//IETF//DTD HTML 2.0//EN">
<html>
    <head>
        <title>Error ${status}.</title>
    </head>
    <body>
        <h1>Code: ${status}.</h1>
        <h1>Message: ${escapeElementText(message)}</h1>
    </body>
</html>
`;
}

/** RFC 9457; an addition of ours, for clients that ask for it. */
function problemDocument(problem: RestProblem, requestId: string): string {
  const document: JsonInput = {
    type: `urn:im:error:${problem.code}`,
    title: problem.code.replaceAll('-', ' '),
    status: problem.status,
    detail: problem.message,
    code: problem.code,
    requestId,
  };
  return jsonText(document);
}

/** @param accept media types of the Accept header; membership counts, not order */
export function errorBody(problem: RestProblem, accept: readonly string[], requestId: string): ErrorBody {
  const { status, message, detail } = problem;
  if (accept.includes('application/problem+json')) {
    return { type: 'application/problem+json', text: problemDocument(problem, requestId) };
  }
  if (accept.includes('application/json')) {
    const body = JSON.stringify({ message, code: status, ...(detail !== undefined && { detail }) });
    return { type: 'application/json', text: body };
  }
  if (accept.includes('text/html')) return { type: 'text/html; charset=utf-8', text: htmlPage(status, message) };
  return { type: 'text/plain; charset=utf-8', text: message };
}
