// SPDX-License-Identifier: Apache-2.0
// Version numbers and their order as in PEP 440 (spec radl 10).

/** A parsed version: its parts as numbers (and local texts) in the order in which they compare. */
export interface Version {
  readonly epoch: bigint;
  /** Without trailing zeros. */
  readonly release: readonly bigint[];
  /** Development releases sort below pre-releases, those below the release. */
  readonly pre: readonly [rank: number, number: bigint];
  readonly post: bigint;
  readonly dev: bigint | undefined;
  readonly local: readonly (bigint | string)[];
}

const MAX_LENGTH = 200;
const PATTERN =
  /^\s*v?(?:(\d+)!)?(\d+(?:\.\d+)*)(?:[-_.]?(a|b|c|rc|alpha|beta|pre|preview)[-_.]?(\d+)?)?(?:-(\d+)|[-_.]?(post|rev|r)[-_.]?(\d+)?)?(?:[-_.]?(dev)[-_.]?(\d+)?)?(?:\+([a-z0-9]+(?:[-_.][a-z0-9]+)*))?\s*$/i;

const preRanks: ReadonlyMap<string, number> = new Map([
  ['a', 1],
  ['alpha', 1],
  ['b', 2],
  ['beta', 2],
  ['c', 3],
  ['rc', 3],
  ['pre', 3],
  ['preview', 3],
]);

const RANK_DEV_ONLY = 0;
const RANK_RELEASE = 4;
const NO_POST = -1n;

/** The version in the text, or undefined when it is none. */
export function parseVersion(text: string): Version | undefined {
  const match = text.length > MAX_LENGTH ? null : PATTERN.exec(text);
  if (match === null) return undefined;
  const [, epoch, release = '', preLabel, preNumber, shortPost, postLabel, postNumber, devLabel, devNumber, local] =
    match;
  const hasPost = shortPost !== undefined || postLabel !== undefined;
  const preRank = preRanks.get(preLabel?.toLowerCase() ?? '');
  const isDevOnly = devLabel !== undefined && preRank === undefined && !hasPost;
  return {
    epoch: BigInt(epoch ?? 0),
    release: withoutTrailingZeros(release.split('.').map(BigInt)),
    pre: [preRank ?? (isDevOnly ? RANK_DEV_ONLY : RANK_RELEASE), BigInt(preNumber ?? 0)],
    post: hasPost ? BigInt(shortPost ?? postNumber ?? 0) : NO_POST,
    dev: devLabel === undefined ? undefined : BigInt(devNumber ?? 0),
    local: local === undefined ? [] : local.toLowerCase().split(/[-_.]/).map(localPart),
  };
}

function withoutTrailingZeros(numbers: readonly bigint[]): bigint[] {
  const last = numbers.findLastIndex((number) => number !== 0n);
  return numbers.slice(0, last + 1);
}

function localPart(part: string): bigint | string {
  return /^\d+$/.test(part) ? BigInt(part) : part;
}

/** Negative when `left` is older, positive when it is newer, 0 when they are the same version. */
export function compareVersions(left: Version, right: Version): number {
  return (
    compare(left.epoch, right.epoch) ||
    compareLists(left.release, right.release, compare) ||
    compare(left.pre[0], right.pre[0]) ||
    compare(left.pre[1], right.pre[1]) ||
    compare(left.post, right.post) ||
    compareDev(left.dev, right.dev) ||
    compareLists(left.local, right.local, compareLocal)
  );
}

function compare<T extends bigint | number | string>(left: T, right: T): number {
  if (left < right) return -1;
  return left > right ? 1 : 0;
}

/** A version without a development number is the finished one. */
function compareDev(left: bigint | undefined, right: bigint | undefined): number {
  if (left === undefined || right === undefined) return Number(left === undefined) - Number(right === undefined);
  return compare(left, right);
}

/** Numbers of local versions are newer than texts. */
function compareLocal(left: bigint | string, right: bigint | string): number {
  if (typeof left === 'bigint' && typeof right === 'bigint') return compare(left, right);
  if (typeof left === 'string' && typeof right === 'string') return compare(left, right);
  return typeof left === 'bigint' ? 1 : -1;
}

function compareLists<T>(left: readonly T[], right: readonly T[], compareItems: (left: T, right: T) => number): number {
  for (const [index, item] of left.entries()) {
    const other = right[index];
    if (other === undefined) return 1;
    const order = compareItems(item, other);
    if (order !== 0) return order;
  }
  return left.length - right.length;
}
