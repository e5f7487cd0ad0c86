// SPDX-License-Identifier: Apache-2.0
// Content negotiation: lists of media types, and the choice of the form of an answer (rest-api.md §4).
import { pythonReprList } from '../../util/python-repr.js';
import { RestProblem } from './problem.js';

/** Forms in which a route can answer. */
export type Format = 'json' | 'text' | 'csv';

/** What a route can answer with. */
export interface Produces {
  /** Media type of the answer when the client accepts anything; `application/json` means JSON is the only form. */
  readonly defaultType: string;
  /** Further media types and the form that serves them. */
  readonly others?: readonly { readonly type: string; readonly format: Format }[];
  /** The answer is the same whatever Accept says. */
  readonly ignoresAccept?: boolean;
  /** Accept is judged before any work, and the error lists the types in Python's way (state, outputs, data). */
  readonly isStrict?: boolean;
}

/** Answers that have no other form. */
export const JSON_ONLY: Produces = { defaultType: 'application/json' };

const YAML_TYPES = new Set(['text/yaml', 'text/x-yaml', 'application/yaml']);

/** Media types of an Accept or Content-Type header in order, without parameters; the names of YAML become one. */
export function mediaTypes(header: string | undefined): readonly string[] {
  if (header === undefined || header.trim() === '') return [];
  return header.split(',').map((part) => {
    const end = part.indexOf(';');
    const type = (end === -1 ? part : part.slice(0, end)).trim().toLowerCase();
    return YAML_TYPES.has(type) ? 'text/yaml' : type;
  });
}

/**
 * The form of the answer: the first accepted type that the route can serve; quality values are ignored.
 * @throws RestProblem 415
 */
export function negotiate(accept: readonly string[], produces: Produces): Format {
  const { defaultType } = produces;
  const defaultFormat: Format = defaultType === 'application/json' ? 'json' : 'text';
  if (produces.ignoresAccept || accept.length === 0) return defaultFormat;
  for (const type of accept) {
    if (type === 'application/json' || type === 'application/*') return 'json';
    const other = produces.others?.find((candidate) => candidate.type === type);
    if (other) return other.format;
    if (produces.isStrict ? type === '*/*' : type === defaultType || type === '*/*' || type === 'text/*') {
      return defaultFormat;
    }
  }
  const shown = produces.isStrict ? pythonReprList(accept) : accept.join(',');
  throw new RestProblem(415, `Unsupported Accept Media Types: ${shown}`, { code: 'not-acceptable' });
}
