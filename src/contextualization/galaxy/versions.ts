// SPDX-License-Identifier: Apache-2.0
// Versions of roles and collections: their order, and the bounds that dependencies set.

const parts = (version: string): readonly (number | string)[] =>
  (version.replace(/^v(?=\d)/i, '').match(/\d+|[a-z]+/gi) ?? []).map((part) =>
    /^\d/.test(part) ? Number(part) : part.toLowerCase(),
  );

const isLetters = (part: number | string | undefined): boolean => typeof part === 'string';

/** Negative when `left` is older. Numbers by value; `1.0-beta` comes before `1.0`, `1.0.1` after it. */
export function compareVersions(left: string, right: string): number {
  const [first, second] = [parts(withoutBuild(left)), parts(withoutBuild(right))];
  for (let index = 0; index < Math.max(first.length, second.length); index += 1) {
    const [a, b] = [first[index], second[index]];
    if (a === b) continue;
    // Letters are a step towards what follows without them.
    if (a === undefined && isLetters(b)) return 1;
    if (b === undefined && isLetters(a)) return -1;
    const [x, y] = [a ?? 0, b ?? 0];
    if (isLetters(x) !== isLetters(y)) return isLetters(x) ? -1 : 1;
    if (x !== y) return x < y ? -1 : 1;
  }
  return 0;
}

const withoutBuild = (version: string): string => version.split('+')[0] ?? version;

const isPreRelease = (version: string): boolean => /^\d+(?:\.\d+)*-/.test(withoutBuild(version));

const HOLDS: Readonly<Record<string, (order: number) => boolean>> = {
  '': (order) => order === 0,
  '=': (order) => order === 0,
  '==': (order) => order === 0,
  '!=': (order) => order !== 0,
  '>': (order) => order > 0,
  '>=': (order) => order >= 0,
  '<': (order) => order < 0,
  '<=': (order) => order <= 0,
};

/** Does the version keep bounds such as `>=1.0.0,<2.0.0`? Empty and `*` bind nothing; a bound that cannot be read is kept by none. */
export function keepsBounds(version: string, bounds: string): boolean {
  return bounds.split(',').every((text) => {
    const [, operator = '', bound = ''] = /^([<>=!]{0,3})\s*(\S*)$/.exec(text.trim()) ?? [];
    if (operator === '' && (bound === '*' || bound === '')) return true;
    const holds = HOLDS[operator];
    return holds !== undefined && bound !== '' && holds(compareVersions(version, bound));
  });
}

/** The newest version within the bounds; one before a release only when the bounds name it. */
export function newestVersion(versions: readonly string[], bounds = '*'): string | undefined {
  const named = bounds.replace(/^[\s=]+/, '');
  return versions
    .filter((version) => keepsBounds(version, bounds) && (!isPreRelease(version) || version === named))
    .reduce<string | undefined>(
      (best, version) => (best === undefined || compareVersions(version, best) > 0 ? version : best),
      undefined,
    );
}
