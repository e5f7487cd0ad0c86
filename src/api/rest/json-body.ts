// SPDX-License-Identifier: Apache-2.0
// Request bodies that hold one JSON object.
import { jsonProblem } from '../json-place.js';
import { RestProblem } from './problem.js';

/** What is wrong with a body. @param what names it as clients of the reference read it */
export const bodyProblem = (reason: string, what = 'request body'): RestProblem =>
  new RestProblem(400, `Error parsing ${what}: ${reason}`);

/**
 * The members of the JSON object in a body; undefined when it holds another value.
 * @throws RestProblem 400 for what is no JSON; the text never shows what was sent
 */
export function jsonMembers(body: string, what?: string): ReadonlyMap<string, unknown> | undefined {
  let input: unknown;
  try {
    input = JSON.parse(body);
  } catch (error) {
    throw bodyProblem(`the body is ${body === '' ? 'empty' : jsonProblem(error)}.`, what);
  }
  const isObject = typeof input === 'object' && input !== null && !Array.isArray(input);
  return isObject ? new Map(Object.entries(input as object)) : undefined;
}
