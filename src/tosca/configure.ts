// SPDX-License-Identifier: Apache-2.0
// Operations of a node as a configure section with its step (spec tosca 8.10, 8.11).
import { baseName, namedArtifactUri } from './artifacts.js';
import { ToscaError } from './error.js';
import { functionOf } from './function-call.js';
import { hostOf } from './graph.js';
import { type Operation, runningOperations } from './operations.js';
import { pythonText } from './python-text.js';
import { mergePlays, type Plays, playsOf, recipeText } from './recipe.js';
import { ARTIFACTS_URL, implementationPlace, implementationUrl } from './sources.js';
import type { NodeTemplate } from './template.js';
import { evaluateIn, type Translation } from './translation.js';
import { asMap, isMap, namedEntries, type Value, type ValueMap } from './value.js';

/** Adds the recipe of a node that has operations and a host. @throws ToscaError when it cannot be made */
export function addConfigure(translation: Translation, node: NodeTemplate): void {
  const { template, builder, steps } = translation;
  const host = hostOf(template, node);
  if (host === undefined) return;
  const operations = runningOperations(template, node, translation.relationshipOperations);
  if (operations.length === 0) return;
  const name = configureName(node, host, operations);
  builder.addConfigure(name, recipeOf(translation, operations));
  builder.addItem(host.name, name, steps.get(node.name) ?? 1);
}

/** `app_a_conf` and its relatives: after the owners of the last two operations. */
function configureName(node: NodeTemplate, host: NodeTemplate, operations: readonly Operation[]): string {
  const last = operations.at(-1)?.owner.name ?? node.name;
  const previous = operations.at(-2)?.owner.name ?? node.name;
  const ofHost = last === host.name ? '' : `_${host.name}`;
  const ofPrevious = last === previous ? '' : `_${previous}`;
  return `${last}${ofHost}${ofPrevious}_conf`;
}

interface ReadOperation {
  readonly plays: Plays;
  readonly variables: ValueMap;
  readonly downloads: readonly Value[];
}

function recipeOf(translation: Translation, operations: readonly Operation[]): string {
  const variables = new Map<string, Value>();
  const downloads: Value[] = [];
  const recipes: Plays[] = [];
  for (const operation of operations) {
    const read = readOperation(translation, operation);
    for (const [name, value] of namedEntries(read.variables)) variables.set(name, value);
    for (const download of read.downloads) downloads.push(download);
    recipes.push(read.plays);
  }
  const first = new Map<string, Value>();
  if (variables.size > 0) first.set('vars', variables);
  if (downloads.length > 0) first.set('tasks', downloads);
  const plays = mergePlays(first.size === 0 ? undefined : first, recipes, !translation.followsReference);
  return recipeText(plays, first.size > 0);
}

function readOperation(translation: Translation, operation: Operation): ReadOperation {
  const { inputs, downloads } = evaluateInputs(translation, operation);
  const { fetched, path } = implementationOf(translation, operation);
  if (/\.ya?ml$/.test(path)) return { plays: playsOf(fetched), variables: inputs, downloads };
  return { plays: [scriptPlay(operation, baseName(path), fetched.text, inputs)], variables: new Map(), downloads };
}

function evaluateInputs(
  translation: Translation,
  operation: Operation,
): { inputs: ValueMap; downloads: readonly Value[] } {
  const { owner } = operation;
  const inputs = new Map<string, Value>();
  const downloads: Value[] = [];
  for (const [name, written] of namedEntries(operation.inputs)) {
    const artifact = artifactName(written);
    if (artifact === undefined) {
      const value = evaluateIn(translation, owner, written);
      if (value === null) {
        throw new ToscaError(`input value for ${name} in interface ${operation.name} of node ${owner.name} not valid`);
      }
      inputs.set(name, value);
      continue;
    }
    const uri = owner.kind === 'node' ? namedArtifactUri(translation.template, owner, artifact) : artifact;
    const destination = `/tmp/${baseName(uri)}`;
    inputs.set(name, destination);
    downloads.push(
      new Map<string, Value>([
        ['name', `Download artifact ${uri}`],
        ['get_url', `dest=${destination} url='${uri}'`],
      ]),
    );
  }
  return { inputs, downloads };
}

/** The artifact that an input asks for with `get_artifact`, which is only known as the direct value of one. */
function artifactName(value: Value): string | undefined {
  if (!isMap(value) || value.size !== 1 || functionOf(value) !== undefined) return undefined;
  const args = asMap(value).get('get_artifact');
  return Array.isArray(args) && args.length >= 2 ? pythonText(args[1]) : undefined;
}

function implementationOf(
  { template, sources }: Translation,
  operation: Operation,
): { fetched: { readonly text: string }; path: string } {
  const { implementation } = operation;
  const isNamed = typeof implementation === 'string' || isMap(implementation);
  const place = isNamed ? implementationPlace(template, operation) : '';
  if (place === '') {
    throw new ToscaError(
      `The operation ${operation.name} of ${operation.owner.name} has inputs but no implementation.`,
    );
  }
  const url = implementationUrl(template, operation);
  const fetched = url === undefined ? undefined : sources.get(url);
  if (fetched !== undefined && 'text' in fetched) return { fetched, path: place.split(/[?#]/, 1)[0] ?? place };
  if (url === place && fetched !== undefined) {
    throw new ToscaError(`Error downloading the implementation script '${place}': ${fetched.reason}\n${fetched.body}`);
  }
  throw new ToscaError(
    `Implementation file: '${place}' is not located in the artifacts remote url '${ARTIFACTS_URL}'.`,
  );
}

/** A script: copied to the node and run, its inputs as environment. */
function scriptPlay({ name, owner }: Operation, file: string, text: string, inputs: ValueMap): ValueMap {
  const label = `${owner.name}_${name}`;
  const path = `/tmp/${file}`;
  const copy = new Map<string, Value>([
    ['dest', path],
    ['content', literal(text)],
    ['mode', '0755'],
  ]);
  const run = new Map<string, Value>([
    ['name', label],
    ['shell', path],
  ]);
  if (inputs.size > 0) run.set('environment', inputs);
  const tasks = [
    new Map<string, Value>([
      ['name', `Copy contents of script of interface ${label}`],
      ['copy', copy],
    ]),
    run,
  ];
  return new Map([['tasks', tasks]]);
}

/** Ansible takes contents for templates: a script with braces of its own must say that it is none. */
function literal(text: string): string {
  return /\{[{%#]/.test(text) ? `{% raw %}${text}{% endraw %}` : text;
}
