// SPDX-License-Identifier: Apache-2.0
// The options after the `?` of a mongodb:// DATA_DB. They are the driver's, except for those that decide whether what was written is kept
// and whether reads see it.

/** By lower-case name: the values that ask for what is done anyhow. */
const DECIDED_HERE: ReadonlyMap<string, readonly string[]> = new Map([
  ['w', ['majority']],
  ['journal', ['true']],
  ['j', ['true']],
  ['readconcernlevel', ['majority']],
  ['readpreference', ['primary']],
  ['readpreferencetags', []],
  ['maxstalenessseconds', []],
]);

/** What of the options goes to the driver, as it was written, and the names of those without effect. */
export function mongoOptions(query: string): { readonly kept: string; readonly ignored: readonly string[] } {
  const kept: string[] = [];
  const ignored: string[] = [];
  for (const pair of query.split('&')) {
    const [name = '', value = ''] = pair.split('=', 2);
    const same = DECIDED_HERE.get(name.toLowerCase());
    if (same === undefined) {
      kept.push(pair);
    } else if (!same.includes(value.toLowerCase())) {
      ignored.push(name);
    }
  }
  return { kept: kept.join('&'), ignored };
}
