// SPDX-License-Identifier: Apache-2.0
// Where JSON is wrong, without quoting it: the message of the parser shows the text around the mistake, which may be secret.
import { errorText } from '../domain/index.js';

/** For error texts: `not valid JSON (position 12)`. */
export function jsonProblem(error: unknown): string {
  const position = /position \d+/.exec(errorText(error));
  return `not valid JSON${position ? ` (${position[0]})` : ''}`;
}
