// SPDX-License-Identifier: Apache-2.0
// What roles and collections need besides themselves, as their own files say.
import { errorText } from '../../domain/index.js';
import type { TarMember } from '../../ssh/index.js';
import { loadYaml } from '../../yaml.js';
import { checkPart, parseRole } from '../plan/galaxy.js';
import type { ContentRequest } from './content.js';
import { ContentError } from './failure.js';

const LARGEST_META = 1_000_000;
const MOST_NEEDS = 200;

type Files = ReadonlyMap<string, TarMember>;

function readFile(files: Files, ...paths: readonly string[]): unknown {
  const path = paths.find((candidate) => files.get(candidate)?.kind === 'file');
  const content = path === undefined ? undefined : files.get(path)?.content;
  if (path === undefined || content === undefined) return undefined;
  if (content.length > LARGEST_META) throw new ContentError(`Its ${path} is too large.`);
  try {
    return path.endsWith('.json') ? JSON.parse(content.toString('utf8')) : loadYaml(content.toString('utf8'));
  } catch (error) {
    throw new ContentError(`Its ${path} cannot be read: ${errorText(error)}`, { cause: error });
  }
}

/**
 * The roles that a role needs: `dependencies` of meta/main.yml and the list of meta/requirements.yml. Those without a dot and without
 * URL are local to whoever uses the role, as for ansible-galaxy.
 * @throws ContentError
 */
export function roleNeeds(files: Files): readonly ContentRequest[] {
  const meta = readFile(files, 'meta/main.yml', 'meta/main.yaml');
  const own = isRecord(meta) ? listOf(meta.dependencies) : [];
  const required = readFile(files, 'meta/requirements.yml', 'meta/requirements.yaml');
  const further = isRecord(required) ? listOf(required.roles) : listOf(required);
  const all = [...own, ...further];
  if (all.length > MOST_NEEDS) throw new ContentError(`It needs more than ${MOST_NEEDS} other roles.`);
  return all.flatMap(roleNeed);
}

function roleNeed(item: unknown): readonly ContentRequest[] {
  const values = typeof item === 'string' ? { src: item } : isRecord(item) ? item : {};
  const text = [values.src, values.role, values.name].find((value) => typeof value === 'string' && value !== '');
  if (typeof text !== 'string') return [];
  const [source = '', writtenVersion, writtenName] = text.split(',').map((part) => part.trim());
  if (!source.includes('.') && !source.includes('://')) return [];
  const version = writtenVersion || (values.version === undefined ? undefined : String(values.version));
  const name = writtenName || (values.src !== undefined && typeof values.name === 'string' ? values.name : undefined);
  const scm = values.scm === 'git' && !source.startsWith('git+') ? 'git+' : '';
  for (const part of [source, version, name]) checkPart(part, text);
  const { source: address } = parseRole(`${scm}${source}`);
  return [{ kind: 'role', source: address, ...(name && { name }), ...(version && { version }) }];
}

/** Who a collection is and what it needs (MANIFEST.json of a published one, galaxy.yml of a source tree). @throws ContentError */
export function collectionNeeds(files: Files): {
  readonly namespace: string;
  readonly name: string;
  readonly needs: readonly ContentRequest[];
} {
  const manifest = readFile(files, 'MANIFEST.json');
  const info = isRecord(manifest) ? manifest.collection_info : readFile(files, 'galaxy.yml');
  const { namespace, name, dependencies } = isRecord(info) ? info : {};
  if (!isCollectionPart(namespace) || !isCollectionPart(name)) {
    throw new ContentError('Its namespace and name cannot be read (MANIFEST.json, galaxy.yml).');
  }
  const needs = Object.entries(isRecord(dependencies) ? dependencies : {});
  if (needs.length > MOST_NEEDS) throw new ContentError(`It needs more than ${MOST_NEEDS} other collections.`);
  return {
    namespace,
    name,
    needs: needs.map(([source, bounds]) => {
      for (const part of [source, String(bounds)]) checkPart(part, source);
      return { kind: 'collection', source, version: String(bounds) };
    }),
  };
}

const isCollectionPart = (value: unknown): value is string =>
  typeof value === 'string' && /^[a-z]\w{0,100}$/i.test(value);

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
