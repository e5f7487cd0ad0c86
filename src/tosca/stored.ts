// SPDX-License-Identifier: Apache-2.0
// Documents as texts: the YAML that users see, and the form that is kept and never needs the network again (spec tosca 11).
import { dumpYaml } from '../yaml.js';
import type { ToscaDocument } from './document.js';
import type { ToscaEnvironment } from './environment.js';
import { Findings, ToscaError } from './error.js';
import { loadImports } from './imports.js';
import { readTemplate } from './read-template.js';
import { readYaml } from './read-yaml.js';
import { typesOf } from './shipped-types.js';
import { TypeCatalog } from './type-catalog.js';
import { isMap, sortKeys, type ValueMap } from './value.js';

/** The document as YAML: keys sorted, block style. */
export function serializeTosca(document: ToscaDocument): string {
  return dumpYaml(sortKeys(document.root));
}

const FORMAT = 1;

interface StoredForm {
  readonly format: typeof FORMAT;
  readonly id: string;
  readonly document: string;
  readonly generatedInputs: readonly string[];
  readonly tokenInputs: readonly string[];
  /** Texts of imports by URL; null stands for the types that come with the daemon. */
  readonly imports: Readonly<Record<string, string | null>>;
}

/** All that is needed to load the document again. It may hold secrets: store it sealed. */
export function storeTosca(document: ToscaDocument, { types }: Pick<ToscaEnvironment, 'types'>): string {
  const imports = [...document.imports].map(([url, text]) => [url, types.isShipped(text) ? null : text] as const);
  const stored: StoredForm = {
    format: FORMAT,
    id: document.id,
    document: dumpYaml(document.root),
    generatedInputs: [...document.generatedInputs],
    tokenInputs: [...document.tokenInputs],
    imports: Object.fromEntries(imports),
  };
  return JSON.stringify(stored);
}

/** What loading a stored document needs; nothing of it reaches the network. */
export type LoadEnvironment = Pick<ToscaEnvironment, 'types' | 'documentId'>;

/**
 * A document out of its stored form, or out of plain YAML as grycap/im keeps it. It was valid when it was accepted: problems
 * that show now (a type that cannot be had any more) leave gaps, they do not lose the document.
 *
 * @throws ToscaError when the text is no document at all
 */
export async function loadStoredTosca(text: string, environment: LoadEnvironment): Promise<ToscaDocument> {
  const stored = readStoredForm(text, environment);
  const root = readYaml(stored.document);
  if (!isMap(root)) throw new ToscaError('The stored TOSCA document is not a mapping.');
  const imports = new Map<string, string>();
  for (const [url, imported] of Object.entries(stored.imports))
    imports.set(url, imported ?? environment.types.customText);
  const template = await readLeniently(root, environment, imports, stored.id);
  return {
    root,
    id: stored.id,
    template,
    imports,
    generatedInputs: new Set(stored.generatedInputs),
    tokenInputs: new Set(stored.tokenInputs),
  };
}

async function readLeniently(
  root: ValueMap,
  { types }: LoadEnvironment,
  imports: Map<string, string>,
  documentId: string,
) {
  const findings = new Findings();
  const fetch = async (): Promise<string> => {
    throw new ToscaError('stored documents are not fetched again');
  };
  const imported = await loadImports(root, { fetch, types }, findings, imports);
  const catalog = new TypeCatalog(new Map([...imported, ...typesOf(root)]), types.normative);
  return readTemplate(root, catalog, findings, { documentId, isStrict: false });
}

function readStoredForm(text: string, { documentId }: LoadEnvironment): StoredForm {
  const plain: StoredForm = {
    format: FORMAT,
    id: documentId,
    document: text,
    generatedInputs: [],
    tokenInputs: [],
    imports: {},
  };
  if (!text.startsWith('{"format":')) return plain;
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch {
    return plain;
  }
  return isStoredForm(raw) ? raw : plain;
}

function isStoredForm(raw: unknown): raw is StoredForm {
  if (typeof raw !== 'object' || raw === null) return false;
  const isTexts = (value: unknown): boolean => Array.isArray(value) && value.every((item) => typeof item === 'string');
  return (
    'format' in raw &&
    raw.format === FORMAT &&
    'id' in raw &&
    typeof raw.id === 'string' &&
    'document' in raw &&
    typeof raw.document === 'string' &&
    'generatedInputs' in raw &&
    isTexts(raw.generatedInputs) &&
    'tokenInputs' in raw &&
    isTexts(raw.tokenInputs) &&
    'imports' in raw &&
    typeof raw.imports === 'object' &&
    raw.imports !== null &&
    Object.values(raw.imports).every((value) => value === null || typeof value === 'string')
  );
}
