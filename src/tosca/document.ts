// SPDX-License-Identifier: Apache-2.0
// A document as other rooms hold it: what is kept, and what was read out of it.
import type { ImportedTexts } from './imports.js';
import type { Template } from './template.js';
import type { ValueMap } from './value.js';

/** A parsed document. */
export interface ToscaDocument {
  /** What is kept and shown: template file and special inputs are replaced, nothing else. */
  readonly root: ValueMap;
  /** Identity; containers are named after it. Stays the same for the life of the infrastructure. */
  readonly id: string;
  readonly template: Template;
  /** Imported type files by URL, so that nothing is fetched again. */
  readonly imports: ReadonlyMap<string, string>;
  /** Inputs whose value is a generated random text. */
  readonly generatedInputs: ReadonlySet<string>;
  /** Inputs whose value is an access token. */
  readonly tokenInputs: ReadonlySet<string>;
}

/** The texts as a mutable copy, for loading further imports. */
export function copyImports(document: ToscaDocument): ImportedTexts {
  return new Map(document.imports);
}
