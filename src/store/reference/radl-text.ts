// SPDX-License-Identifier: Apache-2.0
// RADL in a record of grycap/im: text, or RADL JSON in the oldest ones (persistence.md §6).
import type { JsonValue } from '../../domain/index.js';
import { parseRadl, parseRadlJson, type Radl } from '../../radl/index.js';
import { optionalText } from './json.js';

/** @throws RadlError when it is none */
export function radlOf(value: JsonValue | undefined): Radl {
  const source = optionalText(value);
  return /^\s*[[{]/.test(source) ? parseRadlJson(source) : parseRadl(source);
}
