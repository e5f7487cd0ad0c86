// SPDX-License-Identifier: Apache-2.0
// Values of type `version` (spec tosca 6.3).
import { fault } from './error.js';
import { pythonText } from './python-text.js';
import type { Value } from './value.js';

const VERSION = /^(\d{1,20})(?:\.(\d{1,20}))?(?:\.(\d{1,20}))?(?:\.([A-Za-z]\w{0,99}))?(?:-(\d{1,20}))?$/;

/**
 * The version as text: only a major number gets `.0`; versions of zeros are null.
 *
 * @throws ToscaError when the value is no version
 */
export function toscaVersion(value: Value): string | null {
  const text = pythonText(value);
  const match = VERSION.exec(text);
  if (match === null) throw invalid(text);
  const [, major = '', minor, fix, qualifier, build] = match;
  const numbers = [major, minor, fix];
  const isZero = numbers.every((number) => number === undefined || /^0+$/.test(number));
  if (qualifier !== undefined && (fix === undefined || isZero)) throw invalid(text);
  if (build !== undefined && qualifier === undefined) throw invalid(text);
  if (isZero) return null;
  return minor === undefined ? `${text}.0` : text;
}

function invalid(text: string): Error {
  return fault('InvalidTOSCAVersionPropertyException', `Value of TOSCA version property "${text}" is invalid.`);
}
