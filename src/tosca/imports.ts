// SPDX-License-Identifier: Apache-2.0
// The type files that a document imports, fetched and merged (spec tosca 4.1-4.4).
import { createSemaphore } from '../util/semaphore.js';
import { fetchFailure, type ReadEnvironment } from './environment.js';
import type { Findings, Path } from './error.js';
import { pythonRepr, pythonText } from './python-text.js';
import { fileUrl, isUrl, isWebUrl, type Repositories, repositoryUrl } from './repository.js';
import { typesOf } from './shipped-types.js';
import type { TypeTable } from './type-catalog.js';
import { checkFields, reportUnknownField } from './unknown-field.js';
import { asList, asMap, asText, isList, isMap, namedEntries, type Value, type ValueMap } from './value.js';
import { isKnownVersion, reportVersion } from './versions.js';

/** Texts of imported files by URL; kept with the document, so that it never needs the network again. */
export type ImportedTexts = Map<string, string>;

interface ImportEntry {
  readonly name: string | undefined;
  readonly url: string;
  readonly prefix: string | undefined;
  /** The element of `imports` as messages show it. */
  readonly shown: string;
  readonly path: Path;
}

interface Loader {
  readonly environment: ReadEnvironment;
  readonly findings: Findings;
  readonly texts: ImportedTexts;
  /** Characters that may still be read. */
  charactersLeft: number;
  /** URLs on the way or loaded, against cycles; prefixes make another file of the same text. */
  readonly visited: Set<string>;
}

const MAX_FILES = 64;
const MAX_DEPTH = 10;
const MAX_CHARACTERS = 8_000_000;
const FETCHES_AT_ONCE = 8;

const FILE_FIELDS = new Set([
  'tosca_definitions_version',
  'description',
  'imports',
  'dsl_definitions',
  'node_types',
  'repositories',
  'data_types',
  'artifact_types',
  'group_types',
  'relationship_types',
  'capability_types',
  'interface_types',
  'policy_types',
  'topology_template',
  'metadata',
]);

const IMPORT_FIELDS = new Set(['file', 'repository', 'namespace_uri', 'namespace_prefix']);

/**
 * Types of all imported files: direct ones in list order, then nested ones depth first; later definitions win.
 *
 * @param texts files that are known already; fetched ones are added
 */
export async function loadImports(
  root: ValueMap,
  environment: ReadEnvironment,
  findings: Findings,
  texts: ImportedTexts,
): Promise<TypeTable> {
  const loader: Loader = { environment, findings, texts, charactersLeft: MAX_CHARACTERS, visited: new Set() };
  const table = new Map<string, ValueMap>();
  const imports = root.get('imports');
  if (imports !== undefined && imports !== null && !isList(imports)) {
    findings.add('TypeMismatchError', 'imports must be of type "list".', { path: ['imports'] });
  }
  const entries = readEntries(loader, asList(imports), asMap(root.get('repositories')), undefined);
  await loadAll(loader, entries, table, 0);
  return table;
}

async function loadAll(
  loader: Loader,
  entries: readonly ImportEntry[],
  table: Map<string, ValueMap>,
  depth: number,
): Promise<void> {
  const limit = createSemaphore(FETCHES_AT_ONCE);
  const fresh = entries.filter((entry) => {
    const identity = `${entry.prefix ?? ''} ${entry.url}`;
    if (loader.visited.has(identity)) return false;
    loader.visited.add(identity);
    return true;
  });
  if (loader.visited.size > MAX_FILES || depth > MAX_DEPTH) {
    loader.findings.add(
      'ImportError',
      `The document imports more than ${MAX_FILES} files, or nests imports deeper than ${MAX_DEPTH}.`,
    );
    return;
  }
  const files = await Promise.all(fresh.map((entry) => limit.run(() => loadFile(loader, entry))));
  for (const [index, entry] of fresh.entries()) {
    const file = files[index];
    if (file === undefined) continue;
    for (const [name, body] of typesOf(file))
      table.set(entry.prefix === undefined ? name : `${entry.prefix}.${name}`, body);
  }
  for (const [index, entry] of fresh.entries()) {
    const file = files[index];
    if (file === undefined) continue;
    const nested = readEntries(loader, asList(file.get('imports')), asMap(file.get('repositories')), entry);
    await loadAll(loader, nested, table, depth + 1);
  }
}

/** The file as a mapping; undefined when it cannot be had or read, which is a finding then. */
async function loadFile(loader: Loader, entry: ImportEntry): Promise<ValueMap | undefined> {
  const { environment, findings, texts } = loader;
  const { url, path, shown } = entry;
  let text: string;
  try {
    text = texts.get(url) ?? (await fetchTypes(environment, url));
  } catch (error) {
    const { reason } = fetchFailure(error);
    findings.add('URLException', `Failed to reach server "${url}". Reason is: ${reason}.`, { path });
    return undefined;
  }
  loader.charactersLeft -= text.length;
  if (loader.charactersLeft < 0) {
    findings.add('ImportError', `The imported files are longer than ${MAX_CHARACTERS} characters.`, { path });
    return undefined;
  }
  const file = findings.attempt(() => environment.types.parse(text), path);
  if (file === undefined) {
    findings.add('ImportError', `Import "${shown}" is not valid.`, { path });
    return undefined;
  }
  texts.set(url, text);
  const version = file.get('tosca_definitions_version');
  if (version !== undefined && !isKnownVersion(version))
    reportVersion(findings, `${pythonText(version)} in ${shown}`, path);
  checkFields(findings, `Template ${shown}`, file, FILE_FIELDS, path);
  return file;
}

/** Well-known files come from the shipped types, before or after the network is asked. */
async function fetchTypes({ types, fetch }: ReadEnvironment, url: string): Promise<string> {
  const shipped = types.answerFor(url);
  if (shipped === undefined) return fetch(url);
  if (!types.preferRemote) return shipped;
  try {
    return await fetch(url);
  } catch {
    // The shipped copy is what the option promises for sites without network.
    return shipped;
  }
}

function readEntries(
  loader: Loader,
  elements: readonly Value[],
  repositories: Repositories,
  parent: ImportEntry | undefined,
): readonly ImportEntry[] {
  const entries: ImportEntry[] = [];
  const names = new Set<string>();
  for (const [index, element] of elements.entries()) {
    const path: Path = parent?.path ?? ['imports', index];
    const named = isMap(element) ? [...namedEntries(element)] : [[undefined, element] as const];
    for (const [name, body] of named) {
      if (name !== undefined && names.has(name)) {
        loader.findings.add('ValidationError', `Duplicate import name "${name}" was found.`, { path });
        continue;
      }
      if (name !== undefined) names.add(name);
      const entry = readEntry(loader.findings, { name, body, shown: pythonText(element), path }, repositories, parent);
      if (entry !== undefined) entries.push(entry);
    }
  }
  return entries;
}

interface WrittenImport {
  readonly name: string | undefined;
  readonly body: Value;
  readonly shown: string;
  readonly path: Path;
}

function readEntry(
  findings: Findings,
  { name, body, shown, path }: WrittenImport,
  repositories: Repositories,
  parent: ImportEntry | undefined,
): ImportEntry | undefined {
  const label = name ?? pythonText(body);
  const definition = isMap(body) ? body : new Map([['file', body]]);
  for (const key of definition.keys()) {
    if (typeof key === 'string' && IMPORT_FIELDS.has(key)) continue;
    reportUnknownField(findings, `Import of template "${label}"`, pythonText(key), IMPORT_FIELDS, path);
  }
  const file = asText(definition.get('file'));
  if (file === undefined) {
    if (isMap(body))
      findings.add('MissingRequiredFieldError', `Import of template "${label}" is missing required field "file".`, {
        path,
      });
    else
      findings.add('ValidationError', `A template file name is not provided with import definition "${label}".`, {
        path,
      });
    return undefined;
  }
  const url = importUrl(findings, label, file, definition.get('repository'), repositories, parent, path);
  return url === undefined ? undefined : { name, url, prefix: asText(definition.get('namespace_prefix')), shown, path };
}

/** Where the file is (spec tosca 4.2); undefined with a finding when it may not be read. */
function importUrl(
  findings: Findings,
  label: string,
  file: string,
  repository: Value | undefined,
  repositories: Repositories,
  parent: ImportEntry | undefined,
  path: Path,
): string | undefined {
  const refuse = (text: string): undefined => void findings.add('ImportError', text, { path });
  if (isUrl(file)) return isWebUrl(file) ? file : refuse(`Import "${label}" is not valid.`);
  if (repository !== undefined && repository !== null) {
    const name = pythonText(repository);
    if (!repositories.has(name)) {
      const known = `dict_keys(${pythonRepr([...repositories.keys()])})`;
      findings.add(
        'InvalidPropertyValueError',
        `Value of property "Repository is not found in "${known}"" is invalid.`,
        { path },
      );
      return refuse(`referenced repository "${name}" in import definition "${label}" not found.`);
    }
    const url = fileUrl(repositories, file, name);
    if (isWebUrl(url)) return url;
    return refuse(
      `repository url "${repositoryUrl(repositories, name) ?? ''}" is not valid in import definition "${label}".`,
    );
  }
  if (parent === undefined) {
    return refuse(`Relative file name "${file}" cannot be used in a pre-parsed input template.`);
  }
  if (file.startsWith('/'))
    return refuse(`Absolute file name "${file}" cannot be used in a URL-based input template "${parent.url}".`);
  return URL.canParse(file, parent.url) ? new URL(file, parent.url).href : refuse(`Import "${label}" is not valid.`);
}
