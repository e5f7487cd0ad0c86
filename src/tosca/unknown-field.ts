// SPDX-License-Identifier: Apache-2.0
// Keys that are not allowed in some part of a document, each a finding with the nearest allowed one.
import { nearestName } from '../util/nearest-name.js';
import type { Findings, Path } from './error.js';
import { pythonText } from './python-text.js';
import type { Value, ValueMap } from './value.js';

const REFER = 'Refer to the definition to verify valid values.';

/** `did you mean "x"?`, when a known name is near. */
export function didYouMean(name: string, known: Iterable<string>): string | undefined {
  const nearest = nearestName(name, known);
  return nearest === undefined ? undefined : `did you mean "${nearest}"?`;
}

/** Reports one unknown key of `what`, a phrase such as `Node template "a"`. */
export function reportUnknownField(
  findings: Findings,
  what: string,
  key: string,
  known: Iterable<string>,
  path: Path,
): void {
  findings.add('UnknownFieldError', `${what} contains unknown field "${key}". ${REFER}`, {
    path: [...path, key],
    hint: didYouMean(key, known),
  });
}

/** Reports each key of the map that is not allowed. */
export function checkFields(
  findings: Findings,
  what: string,
  map: ValueMap,
  known: ReadonlySet<string>,
  path: Path,
): void {
  for (const key of map.keys()) {
    const name = pythonText(key satisfies Value);
    if (typeof key !== 'string' || !known.has(name)) reportUnknownField(findings, what, name, known, path);
  }
}
