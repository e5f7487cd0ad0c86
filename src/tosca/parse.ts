// SPDX-License-Identifier: Apache-2.0
// Text to document: YAML, template file, special inputs, types, validation (spec tosca 1).
import { checkOwnTypes } from './check-types.js';
import type { ToscaDocument } from './document.js';
import type { ReadEnvironment, ToscaEnvironment } from './environment.js';
import { Findings, findingsText, PARSE_PREFIX, ToscaError, type ToscaProblem } from './error.js';
import { type ImportedTexts, loadImports } from './imports.js';
import { locate } from './positions.js';
import { checkTop, readTemplate } from './read-template.js';
import { readYaml } from './read-yaml.js';
import { typesOf } from './shipped-types.js';
import { resolveSpecialInputs } from './special-inputs.js';
import type { Template } from './template.js';
import { applyTemplateFile } from './template-file.js';
import { TypeCatalog } from './type-catalog.js';
import { isMap, type ValueMap } from './value.js';

/**
 * Reads and validates a document.
 *
 * @throws ToscaError whose text begins with `Error parsing TOSCA template: `; its problems say where and what was meant
 */
export async function parseTosca(text: string, environment: ToscaEnvironment): Promise<ToscaDocument> {
  return withParsePrefix(text, async () => {
    const written = readYaml(text);
    if (!isMap(written))
      throw new ToscaError('a TOSCA document is a mapping of keys such as "topology_template" to values.');
    const whole = await applyTemplateFile(written, environment);
    const { root, generated, tokens } = resolveSpecialInputs(whole, environment);
    const imports: ImportedTexts = new Map();
    const template = await readChecked(root, environment, imports, environment.documentId);
    return { root, id: environment.documentId, template, imports, generatedInputs: generated, tokenInputs: tokens };
  });
}

/**
 * Loads the types of a document and reads it.
 *
 * @throws ToscaError with the collected findings, without prefix
 */
export async function readChecked(
  root: ValueMap,
  environment: ReadEnvironment,
  imports: ImportedTexts,
  documentId: string,
): Promise<Template> {
  const findings = new Findings();
  checkTop(findings, root);
  const imported = await loadImports(root, environment, findings, imports);
  const catalog = new TypeCatalog(new Map([...imported, ...typesOf(root)]), environment.types.normative);
  checkOwnTypes(findings, root);
  const template = readTemplate(root, catalog, findings, { documentId, isStrict: environment.rules !== 'reference' });
  const problems = findings.all;
  if (problems.length > 0) throw new ToscaError(findingsText(problems), problems);
  return template;
}

async function withParsePrefix<T>(text: string, parse: () => Promise<T>): Promise<T> {
  try {
    return await parse();
  } catch (error) {
    if (!(error instanceof ToscaError)) throw error;
    throw new ToscaError(PARSE_PREFIX + error.message, placed(text, error.problems));
  }
}

/** The problems with their places in the text. */
function placed(text: string, problems: readonly ToscaProblem[]): readonly ToscaProblem[] {
  const paths = problems.flatMap(({ place, path }) => (place === undefined && path !== undefined ? [path] : []));
  const places = locate(text, paths);
  return problems.map((problem) => {
    const found = problem.place ?? (problem.path === undefined ? undefined : places.get(problem.path));
    return found === undefined ? problem : { ...problem, place: found };
  });
}
