// SPDX-License-Identifier: Apache-2.0
// Artifacts of nodes: roles, collections, images, files (spec tosca 8.9).

import { Budget } from './budget.js';
import { evaluate } from './evaluate.js';
import { functionOf } from './function-call.js';
import { relationshipsOf } from './graph.js';
import { pythonText } from './python-text.js';
import { fileUrl } from './repository.js';
import type { NodeTemplate, Template } from './template.js';
import { asMap, asText, isMap, namedEntries, type Value, type ValueMap } from './value.js';

const MAX_STEPS = 10_000;

/** One artifact. */
export interface Artifact {
  readonly name: string;
  readonly type: string;
  /** As written; empty when there is none. */
  readonly file: string;
  readonly repository: string | undefined;
  readonly deployPath: string | undefined;
  readonly properties: ValueMap;
}

/** Artifacts of the node and its type, then of each relationship's type and target; later ones of a name win. */
export function artifactsOf(template: Template, node: NodeTemplate): ReadonlyMap<string, Artifact> {
  const artifacts = new Map<string, Artifact>();
  const add = (entries: Iterable<readonly [string, Value]>): void => {
    for (const [name, body] of entries) artifacts.set(name, readArtifact(template, node, name, body));
  };
  add(ownArtifacts(template, node));
  for (const { type, target } of relationshipsOf(template, node)) {
    add(namedEntries(asMap(template.catalog.find(type, 'relationship')?.body.get('artifacts'))));
    add(ownArtifacts(template, target));
  }
  return artifacts;
}

/** Artifacts of the type, with those of the node in their place or after them. */
function ownArtifacts(template: Template, node: NodeTemplate): ReadonlyMap<string, Value> {
  return new Map([...template.catalog.artifacts(node.type), ...namedEntries(asMap(node.body.get('artifacts')))]);
}

function readArtifact(template: Template, node: NodeTemplate, name: string, body: Value): Artifact {
  const map = isMap(body) ? body : new Map([['file', body]]);
  const written = map.get('file') ?? null;
  const file =
    functionOf(written) === undefined
      ? written
      : evaluate(written, { template, owner: node, attribute: () => null, budget: new Budget(MAX_STEPS), depth: 0 });
  return {
    name,
    type: asText(map.get('type')) ?? '',
    file: file === null ? '' : pythonText(file),
    repository: asText(map.get('repository')),
    deployPath: asText(map.get('deploy_path')),
    properties: asMap(map.get('properties')),
  };
}

/** Where the artifact is: its file, below the URL of its repository when it has one. */
export function artifactUri(
  { repositories }: Template,
  { file, repository }: Pick<Artifact, 'file' | 'repository'>,
): string {
  return fileUrl(repositories, file, repository ?? null);
}

/** The URI of the artifact of that name; the name itself when the node has none. */
export function namedArtifactUri(template: Template, node: NodeTemplate, name: string): string {
  const artifact = artifactsOf(template, node).get(name);
  return artifact === undefined ? name : artifactUri(template, artifact);
}

/** The last piece of a URI's path. */
export function baseName(uri: string): string {
  return uri.split(/[?#]/, 1)[0]?.split('/').at(-1) ?? '';
}
