// SPDX-License-Identifier: Apache-2.0
// What is wrong with a document: problems as values, collected, and the one error that carries them (spec tosca 12).
import { maskUrls } from '../util/mask-url.js';
import { pythonRepr } from '../util/python-repr.js';

/** Keys and indexes that lead from the top of the document to a place in it. */
export type Path = readonly (string | number)[];

/** Where in the text, both from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** One thing that is wrong. */
export interface ToscaProblem {
  /** Class name as clients of the reference know it, e.g. `UnknownFieldError`; empty for plain texts. */
  readonly kind: string;
  readonly text: string;
  readonly path?: Path | undefined;
  readonly place?: Place | undefined;
  /** What was probably meant. */
  readonly hint?: string | undefined;
}

/** Further facts of a problem. */
export type ProblemFacts = Pick<ToscaProblem, 'path' | 'hint'>;

/** A document that cannot be used. `message` is the text for the client; `problems` say where, and what was meant. */
export class ToscaError extends Error {
  readonly problems: readonly ToscaProblem[];

  constructor(message: string, problems?: readonly ToscaProblem[]) {
    super(maskUrls(message));
    this.name = 'ToscaError';
    this.problems = problems?.map(masked) ?? [{ kind: '', text: this.message }];
  }
}

/** URLs of documents may hold passwords. */
function masked(problem: ToscaProblem): ToscaProblem {
  return { ...problem, text: maskUrls(problem.text) };
}

/** The document makes more work than is allowed: checking it ends at once. */
export class TooMuchWorkError extends ToscaError {}

/** An error of one problem, whose text is the message. Texts of `KeyError` are shown as Python literals. */
export function fault(kind: string, text: string, facts: ProblemFacts = {}): ToscaError {
  const shown = kind === 'KeyError' ? pythonRepr(text) : text;
  return new ToscaError(shown, [{ kind, text: shown, ...facts }]);
}

const MAX_FINDINGS = 1000;

/** Collects problems; the same text is kept once. */
export class Findings {
  readonly #problems = new Map<string, ToscaProblem>();

  add(kind: string, text: string, facts: ProblemFacts = {}): void {
    this.addProblem({ kind, text: kind === 'KeyError' ? pythonRepr(text) : text, ...facts });
  }

  addProblem(problem: ToscaProblem): void {
    // More would not be read by anybody, and explaining them could take long for hostile documents.
    if (this.#problems.size >= MAX_FINDINGS) return;
    if (!this.#problems.has(problem.text)) this.#problems.set(problem.text, problem);
  }

  /** Runs a check; what it throws as `ToscaError` is collected, with the path unless it has one. */
  attempt<T>(check: () => T, path?: Path): T | undefined {
    try {
      return check();
    } catch (error) {
      if (!(error instanceof ToscaError) || error instanceof TooMuchWorkError) throw error;
      for (const problem of error.problems) this.addProblem({ ...problem, path: problem.path ?? path });
      return undefined;
    }
  }

  get all(): readonly ToscaProblem[] {
    return [...this.#problems.values()];
  }
}

const HEADLINE = '\nThe pre-parsed input failed validation with the following error(s): \n';

/** The collected text of spec tosca 12.1, without trailing newline. */
export function findingsText(problems: readonly ToscaProblem[]): string {
  return HEADLINE + problems.map(({ kind, text }) => `\n\t${kind}: ${text}`).join('\n');
}

/** The message with what we know beyond the reference: where each problem is, and what was probably meant. */
export function explainedText({ message, problems }: ToscaError): string {
  const plain = findingsText(problems);
  if (message.endsWith(plain)) {
    return message.slice(0, -plain.length) + findingsText(problems.map(explained));
  }
  const [problem] = problems;
  const isOnly = problem !== undefined && problems.length === 1 && message.endsWith(problem.text);
  return isOnly ? message + note(problem) : message;
}

function explained(problem: ToscaProblem): ToscaProblem {
  return { ...problem, text: problem.text + note(problem) };
}

function note({ place, hint }: ToscaProblem): string {
  const facts = [
    ...(place === undefined ? [] : [`line ${place.line}, column ${place.column}`]),
    ...(hint === undefined ? [] : [hint]),
  ];
  return facts.length === 0 ? '' : ` (${facts.join('; ')})`;
}

/** Prefix of everything that goes wrong while parsing. */
export const PARSE_PREFIX = 'Error parsing TOSCA template: ';
