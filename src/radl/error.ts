// SPDX-License-Identifier: Apache-2.0
// Everything that can be wrong with a RADL document, as values: problems, and the error that carries them.

/** One thing that is wrong with a document. */
export interface RadlProblem {
  /** String form: `Line N: TEXT`, or just the text when no line is known. */
  readonly message: string;
  /** Line of the document, from 1. */
  readonly line?: number;
  /** Column in characters (code points), from 1. */
  readonly column?: number;
  /** What stood there. */
  readonly found?: string;
  /** What could have stood there. */
  readonly expected?: string;
  /** A likely remedy. */
  readonly hint?: string;
}

/** Where and how a problem shows; all optional. */
export interface ProblemDetails {
  readonly line?: number | undefined;
  readonly column?: number | undefined;
  readonly found?: string | undefined;
  readonly expected?: string | undefined;
  readonly hint?: string | undefined;
}

/** Not more problems than this are reported for one document. */
export const MAX_PROBLEMS = 50;

/** Builds a problem; the message gets its `Line N: ` prefix here (spec radl 7). */
export function makeProblem(text: string, details: ProblemDetails = {}): RadlProblem {
  const { line, column, found, expected, hint } = details;
  return {
    message: line === undefined ? text : `Line ${line}: ${text}`,
    ...(line !== undefined && { line }),
    ...(column !== undefined && { column }),
    ...(found !== undefined && { found }),
    ...(expected !== undefined && { expected }),
    ...(hint !== undefined && { hint }),
  };
}

/** A problem that is described only when it is reported: hints are costly, and long documents can have many problems. */
export type Finding = () => RadlProblem;

/**
 * A document that is not RADL, breaks a rule of the language, or cannot be merged. The error shows the first problem;
 * `problems` lists all independent ones, first included.
 */
export class RadlError extends Error {
  readonly line?: number;
  readonly column?: number;
  readonly found?: string;
  readonly expected?: string;
  readonly hint?: string;
  readonly problems: readonly RadlProblem[];

  constructor(text: string, details: ProblemDetails = {}, others: readonly RadlProblem[] = []) {
    const first = makeProblem(text, details);
    super(first.message);
    this.name = 'RadlError';
    if (first.line !== undefined) this.line = first.line;
    if (first.column !== undefined) this.column = first.column;
    if (first.found !== undefined) this.found = first.found;
    if (first.expected !== undefined) this.expected = first.expected;
    if (first.hint !== undefined) this.hint = first.hint;
    this.problems = [first, ...others];
  }
}

/** Raises the problems as one error when there are any, not more than `MAX_PROBLEMS`. */
export function throwProblems(problems: readonly RadlProblem[]): void {
  const [first, ...others] = problems.slice(0, MAX_PROBLEMS);
  if (first === undefined) return;
  const prefix = first.line === undefined ? '' : `Line ${first.line}: `;
  throw new RadlError(first.message.slice(prefix.length), first, others);
}
