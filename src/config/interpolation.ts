// SPDX-License-Identifier: Apache-2.0
// The % rules of im.cfg values: %% and %(name)s as in ConfigParser, and a lone % that stays (configuration.md §1.2).
import { ValueError } from './option.js';

const DEEPEST = 10;
const LONGEST = 1024 * 1024;

/**
 * Replaces `%%` by `%` and `%(name)s` by the value of that option, in turn interpolated. Any other `%` stays as it is,
 * so that database URLs with percent-encoded passwords need no care.
 * @param lookup raw value of another option (name in upper case) as seen from this one's section.
 * @throws ValueError for an unknown name, a circle, or a value that grows beyond reason.
 */
export function interpolate(raw: string, lookup: (name: string) => string | undefined, depth = 0): string {
  const value = raw.replace(/%%|%\(([^)]*)\)s/g, (whole: string, name: string | undefined) => {
    if (whole === '%%' || name === undefined) return '%';
    const other = lookup(name.toUpperCase());
    if (other === undefined) throw new ValueError(`without %(${name})s, because there is no option ${name}`);
    if (depth >= DEEPEST) throw new ValueError(`without %(${name})s, because the references go in a circle`);
    return interpolate(other, lookup, depth + 1);
  });
  if (value.length > LONGEST) throw new ValueError(`shorter than ${LONGEST} characters`);
  return value;
}

/** The text that {@link interpolate} reads back as the given value. */
export function escapeInterpolation(value: string): string {
  return value.replaceAll('%', '%%');
}
