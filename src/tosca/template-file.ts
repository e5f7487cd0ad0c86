// SPDX-License-Identifier: Apache-2.0
// `template_file`: a small document on top of a stored one (spec tosca 4.5).
import { fetchFailure, type ToscaEnvironment } from './environment.js';
import { ToscaError } from './error.js';
import { pythonText } from './python-text.js';
import { readYaml } from './read-yaml.js';
import { isUrl, isWebUrl } from './repository.js';
import { asMap, isList, isMap, isTruthy, type Key, type Value, type ValueMap } from './value.js';

/**
 * The document with its template in it; documents that do not begin with one are given back as they are.
 *
 * @throws ToscaError when the template may not be used, or cannot be had
 */
export async function applyTemplateFile(root: ValueMap, environment: ToscaEnvironment): Promise<ValueMap> {
  const imports = root.get('imports');
  const [only, ...others] = isList(imports) ? imports : [];
  const file = asMap(only).get('template_file');
  if (others.length > 0 || file === undefined) return root;
  const template = await fetchTemplate(pythonText(file), environment);
  const merged = new Map<Key, Value>(root);
  const inner = template.get('imports');
  if (inner === undefined) merged.delete('imports');
  else merged.set('imports', inner);
  merged.set(
    'topology_template',
    mergeTopology(asMap(template.get('topology_template')), asMap(root.get('topology_template'))),
  );
  return merged;
}

async function fetchTemplate(file: string, environment: ToscaEnvironment): Promise<ValueMap> {
  const url = templateUrl(file, environment.allowedRepository);
  let text: string;
  try {
    text = await environment.fetch(url);
  } catch (error) {
    throw new ToscaError(`Failed to reach server "${url}". Reason is: ${fetchFailure(error).reason}.`);
  }
  const template = readYaml(text);
  if (!isMap(template)) throw new ToscaError(`The template "${url}" is not a TOSCA document.`);
  return template;
}

function templateUrl(file: string, repository: string | undefined): string {
  if (isUrl(file)) {
    const isAllowed = repository === undefined || repository === '' || isInside(file, repository);
    if (!isAllowed)
      throw new ToscaError(`The TOSCA template must be imported from the TOSCA repository: ${repository}`);
    if (isWebUrl(file)) return file;
    throw new ToscaError(`The template "${file}" cannot be used: only http and https URLs are fetched.`);
  }
  if (repository === undefined || repository === '' || !URL.canParse(file, repository)) {
    throw new ToscaError(`Relative file name "${file}" cannot be used in a pre-parsed input template.`);
  }
  const url = new URL(file, repository).href;
  // `../x` and `//host/x` are relative too.
  if (!isInside(url, new URL('.', repository).href))
    throw new ToscaError(`The TOSCA template must be imported from the TOSCA repository: ${repository}`);
  return url;
}

/** Whether the URL, with its dots resolved, begins with the other one. */
function isInside(url: string, repository: string): boolean {
  return URL.canParse(url) && URL.canParse(repository) && new URL(url).href.startsWith(new URL(repository).href);
}

/** Only inputs, outputs and nodes of the template count; the client's entries go on top. */
function mergeTopology(template: ValueMap, client: ValueMap): ValueMap {
  const merged = new Map<Key, Value>();
  for (const section of ['inputs', 'outputs', 'node_templates']) {
    const imported = template.get(section);
    if (imported !== undefined) merged.set(section, imported);
  }
  for (const [section, value] of client) {
    if (section === 'inputs') merged.set(section, mergeInputs(asMap(merged.get(section)), asMap(value)));
    else if (section === 'outputs' || section === 'node_templates')
      merged.set(section, withEntries(asMap(merged.get(section)), asMap(value)));
    else merged.set(section, value);
  }
  return merged;
}

function withEntries(imported: ValueMap, entries: ValueMap): ValueMap {
  const merged = new Map(imported);
  for (const [name, body] of entries) {
    if (isTruthy(body)) merged.set(name, body);
  }
  return merged;
}

function mergeInputs(imported: ValueMap, given: ValueMap): ValueMap {
  const merged = new Map<Key, Value>(imported);
  for (const [name, value] of given) {
    const known = imported.get(name);
    if (!isMap(known)) merged.set(name, value);
    else {
      const chosen =
        isMap(value) && value.has('default') ? (value.get('default') ?? null) : isTruthy(value) ? value : undefined;
      if (chosen !== undefined && chosen !== null) merged.set(name, new Map([...known, ['default', chosen]]));
    }
  }
  return merged;
}
