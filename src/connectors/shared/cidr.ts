// SPDX-License-Identifier: Apache-2.0
// Picks the address range of a network from a pattern such as `10.0.*.0/24` (common.md A4).
import { type Cidr, cidrsOverlap, parseCidr } from '../../util/ip.js';

/** Pattern of networks that name none. */
export const DEFAULT_CIDR_PATTERN = '10.0.*.0/24';

// `*` takes this many values: 1..253 from the start 0, or start+1..254 and then from 1 on.
const WILDCARD_VALUES = 253;

/**
 * The first range of the pattern that shares no address with a used one. A pattern without `*` is the user's own choice and returned as
 * it is, even when taken.
 * @param start where the leftmost `*` begins: its first value is `start + 1`
 * @returns undefined when nothing is free or the pattern makes no valid range
 */
export function pickCidr(pattern: string, used: readonly Cidr[], start = 0): string | undefined {
  if (!pattern.includes('*')) return pattern;
  for (const candidate of expand(pattern, start)) {
    const range = parseCidr(candidate);
    if (range === undefined) return undefined;
    if (!used.some((taken) => cidrsOverlap(taken, range))) return candidate;
  }
  return undefined;
}

/** All expansions; wildcards further right run faster. */
function* expand(pattern: string, start: number): Generator<string> {
  const position = pattern.indexOf('*');
  if (position === -1) {
    yield pattern;
    return;
  }
  for (let step = 0; step < WILDCARD_VALUES; step += 1) {
    const value = ((start + step) % 254) + 1;
    yield* expand(`${pattern.slice(0, position)}${value}${pattern.slice(position + 1)}`, 0);
  }
}
