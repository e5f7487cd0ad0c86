// SPDX-License-Identifier: Apache-2.0
// Finds what a source file imports and whether it reads the environment of the process.
import { codeText } from './code-text.js';

/** One import or re-export. */
export interface SourceImport {
  /** What stands between the quotes. */
  readonly specifier: string;
  readonly line: number;
  /** Only types are imported, so nothing remains at run time. */
  readonly isTypeOnly: boolean;
}

/** What the rules need to know of a file. */
export interface SourceFacts {
  readonly imports: readonly SourceImport[];
  /** Lines that read process.env. */
  readonly environmentLines: readonly number[];
}

const STATEMENT = /(?<![\w.$])(import|export)(\s+type)?\b(?:([\s\w$*{},]*?)\bfrom)?\s*(['"])([^'"\n]+)\4/g;
const CALL = /(?<![\w.$])(?:import|require)\s*\(\s*(['"])([^'"\n]+)\1/g;
const ENVIRONMENT = /\bprocess\s*(?:\?\s*)?\.\s*env\b|\bprocess\s*\[\s*['"]env['"]/g;

/** Whether every name in `{ type A, type B }` is a type. */
function namesOnlyTypes(clause: string): boolean {
  const names = /^\s*\{([^}]*)\}\s*$/.exec(clause)?.[1];
  const parts = names?.split(',').filter((part) => part.trim() !== '') ?? [];
  return parts.length > 0 && parts.every((part) => /^\s*type\s/.test(part));
}

/** Reads the facts of one TypeScript source. */
export function readSource(source: string): SourceFacts {
  const code = codeText(source);
  const lineStarts = [0];
  for (let at = code.indexOf('\n'); at >= 0; at = code.indexOf('\n', at + 1)) lineStarts.push(at + 1);
  const lineOf = (offset: number): number => lineStarts.findLastIndex((start) => start <= offset) + 1;

  const imports: SourceImport[] = [];
  const environmentLines = Array.from(code.matchAll(ENVIRONMENT), (match) => lineOf(match.index));
  for (const match of code.matchAll(STATEMENT)) {
    const [, keyword, type, clause, , specifier] = match;
    if (specifier === undefined || (keyword === 'export' && clause === undefined)) continue;
    const isTypeOnly = type !== undefined || namesOnlyTypes(clause ?? '');
    imports.push({ specifier, line: lineOf(match.index), isTypeOnly });
    if (/^(?:node:)?process$/.test(specifier) && /\benv\b/.test(clause ?? '')) {
      environmentLines.push(lineOf(match.index));
    }
  }
  for (const match of code.matchAll(CALL)) {
    imports.push({ specifier: match[2] ?? '', line: lineOf(match.index), isTypeOnly: false });
  }
  return { imports, environmentLines };
}
