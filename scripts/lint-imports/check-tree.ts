// SPDX-License-Identifier: Apache-2.0
// Applies the import table to a source tree that is already read.
import { posix } from 'node:path';
import { PARTITIONED_ROOMS, RESERVED_PACKAGES, ROOMS, ROOT_ROOMS } from './rooms.js';
import { readSource, type SourceFacts, type SourceImport } from './source-imports.js';

/** One broken rule. */
export interface Violation {
  /** Path relative to the root of the tree. */
  readonly file: string;
  readonly line: number;
  /** The rule and what breaks it, as a sentence. */
  readonly message: string;
}

/** The room of a path inside src: its first folder, or its name for a file that lies directly there. */
const roomOf = (path: string): string => (path.split('/')[0] ?? '').replace(/\.ts$/, '');

/** The part of a partitioned room in which the path lies; undefined for files directly in the room. */
function partOf(path: string): string | undefined {
  const [, part, ...rest] = path.split('/');
  return rest.length > 0 ? part : undefined;
}

/** The file that a relative specifier names, in the tree or not. */
function targetOf(file: string, specifier: string): string | undefined {
  if (!specifier.startsWith('.')) return undefined;
  return posix.join(posix.dirname(file), specifier).replace(/\.js$/, '.ts');
}

function checkPermission(from: string, to: string, isTypeOnly: boolean): string | undefined {
  const fromRoom = roomOf(from);
  const toRoom = roomOf(to);
  if (ROOT_ROOMS.has(fromRoom)) return undefined;
  if (fromRoom === toRoom) {
    const rule = PARTITIONED_ROOMS.get(fromRoom);
    const [fromPart, toPart] = [partOf(from), partOf(to)];
    if (!rule || toPart === undefined || toPart === 'shared' || toPart === fromPart) return undefined;
    // Files directly in the room, such as the registry, tie the parts together.
    return fromPart === undefined ? undefined : `${rule}; move what both need to ${fromRoom}/shared/`;
  }
  if (ROOT_ROOMS.has(toRoom))
    return `nobody imports ${toRoom}, the composition root; pass what is needed as a parameter`;
  const permissions = ROOMS.get(fromRoom);
  if (!permissions) return `${fromRoom} is no room of the architecture table`;
  const permission = permissions[toRoom];
  const allowed = Object.keys(permissions).join(', ') || 'nothing';
  switch (permission) {
    case 'all':
      return undefined;
    case 'types':
      return isTypeOnly ? undefined : `${fromRoom} may import only types from ${toRoom}; use "import type"`;
    case 'contract':
    case 'contract and registry': {
      const isRegistry = posix.basename(to) === 'registry.ts';
      if (partOf(to) === undefined && (!isRegistry || permission === 'contract and registry')) return undefined;
      return `${fromRoom} may import only the ${permission} of ${toRoom}`;
    }
    default:
      return `${fromRoom} may import ${allowed}, not ${toRoom}`;
  }
}

function checkPackage(file: string, specifier: string): string | undefined {
  const owner = RESERVED_PACKAGES.get(specifier.split('/')[0] ?? '');
  if (owner === undefined || roomOf(file) === owner) return undefined;
  return `only ${owner} uses ${specifier}; take a Logger or Metrics as a parameter`;
}

function checkImport(file: string, found: SourceImport): Violation | undefined {
  const to = targetOf(file, found.specifier);
  const at = { file, line: found.line };
  if (to === undefined) {
    const message = checkPackage(file, found.specifier);
    return message === undefined ? undefined : { ...at, message };
  }
  if (to.startsWith('../')) return { ...at, message: `src imports nothing from outside, but ${found.specifier}` };
  const message = checkPermission(file, to, found.isTypeOnly);
  return message === undefined ? undefined : { ...at, message: `${message} (imports ${to})` };
}

/** Each circle of imports once, reported at the import that closes it. */
function findCircles(facts: ReadonlyMap<string, SourceFacts>): readonly Violation[] {
  const violations: Violation[] = [];
  const finished = new Set<string>();
  const path: string[] = [];
  const visit = (file: string): void => {
    path.push(file);
    for (const { specifier, line, isTypeOnly } of facts.get(file)?.imports ?? []) {
      const to = targetOf(file, specifier);
      // Types are gone at run time, and two types may well speak of each other.
      if (to === undefined || isTypeOnly || finished.has(to) || !facts.has(to)) continue;
      const start = path.indexOf(to);
      if (start >= 0) {
        const circle = [...path.slice(start), to].join(' -> ');
        violations.push({ file, line, message: `imports go in a circle: ${circle}` });
      } else {
        visit(to);
      }
    }
    path.pop();
    finished.add(file);
  };
  for (const file of facts.keys()) if (!finished.has(file)) visit(file);
  return violations;
}

/**
 * Checks a tree.
 * @param sources TypeScript text by path relative to src, with forward slashes.
 * @returns all violations in the order of the paths.
 */
export function checkTree(sources: ReadonlyMap<string, string>): readonly Violation[] {
  const facts = new Map(
    [...sources].sort(([a], [b]) => (a < b ? -1 : 1)).map(([file, text]) => [file, readSource(text)]),
  );
  const violations: Violation[] = [];
  for (const [file, { imports, environmentLines }] of facts) {
    const room = roomOf(file);
    if (!ROOMS.has(room) && !ROOT_ROOMS.has(room)) {
      const message = `${room} is no room of the architecture table; put the file into one, or add the room to the table`;
      violations.push({ file, line: 1, message });
      continue;
    }
    violations.push(...imports.flatMap((found) => checkImport(file, found) ?? []));
    if (ROOT_ROOMS.has(room)) continue;
    for (const line of environmentLines) {
      const message = 'only main and daemon read process.env; take the value from Config';
      violations.push({ file, line, message });
    }
  }
  return [...violations, ...findCircles(facts)].sort((a, b) => (a.file === b.file ? a.line - b.line : 0));
}
