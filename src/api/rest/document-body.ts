// SPDX-License-Identifier: Apache-2.0
// Bodies of requests: which media types are taken, and how a deployment document is read (rest-api.md §8).
import { errorText } from '../../domain/index.js';
import type { DeploymentDocument } from '../../manager/manager.js';
import { parseRadl, parseRadlJson, Radl } from '../../radl/index.js';
import { pythonReprList } from '../../util/python-repr.js';
import type { DocumentForm } from '../document-screen.js';
import { RestProblem } from './problem.js';
import type { BodyKind, RequestBody } from './route.js';

const JSON_TYPES: ReadonlySet<string> = new Set(['application/json', 'application/merge-patch+json']);

const unsupported = (types: readonly string[]): RestProblem =>
  new RestProblem(415, `Unsupported Media Type ${pythonReprList(types)}`, { code: 'unsupported-media-type' });

const unreadable = (reason: string, cause?: unknown): RestProblem =>
  new RestProblem(400, `Error parsing request body: ${reason}`, { cause });

/** The language of a document of these media types; undefined: none that is taken. */
export function formOf(types: readonly string[]): DocumentForm | undefined {
  if (types.includes('application/json')) return 'json';
  if (types.includes('text/yaml')) return 'tosca';
  const isText = types.length === 0 || ['text/plain', '*/*', 'text/*'].some((type) => types.includes(type));
  return isText ? 'radl' : undefined;
}

/**
 * Is the body of a type that the route takes?
 * @throws RestProblem 415
 */
export function checkContentType(kind: BodyKind, body: RequestBody): void {
  const { text, types } = body;
  if (kind === 'form') return; // other types than that of forms hold no fields, and so name none
  if (kind === 'json') {
    if (types.length > 0 && !types.some((type) => JSON_TYPES.has(type))) throw unsupported(types);
    return;
  }
  if (text !== '' && formOf(types) === undefined) throw unsupported(types);
}

/** The fields of a form; none in a body of another type. */
export function formFields({ text, types }: RequestBody): URLSearchParams {
  return new URLSearchParams(types.includes('application/x-www-form-urlencoded') ? text : '');
}

/**
 * The deployment document of a body; a TOSCA one is read later, with the rights of the caller, since reading it fetches things; an empty body is an empty document, whatever its type.
 * @throws RestProblem 400 with the position and the reason, 415
 */
export function parseDocument(body: RequestBody): DeploymentDocument {
  if (body.text.trim() === '') return Radl.empty();
  const form = formOf(body.types);
  if (form === undefined) throw unsupported(body.types);
  if (form === 'tosca') {
    return { kind: 'tosca', text: body.text };
  }
  try {
    return form === 'json' ? parseRadlJson(body.text) : parseRadl(body.text);
  } catch (error) {
    throw unreadable(errorText(error), error);
  }
}
