// SPDX-License-Identifier: Apache-2.0
// The Ansible collections of this host, to be packed one by one, and the short names that recipes may use for their contents.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROUTED_KINDS, type Routing } from '../../src/contextualization/runtime/routing.js';
import { loadYaml } from '../../src/yaml.js';

/** A collection in a directory of this host. */
export interface HostCollection {
  /** `namespace.name` */
  readonly name: string;
  readonly version: string;
  readonly path: string;
  /** Names of the collections that it needs. */
  readonly needs: readonly string[];
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The collections below directories named `ansible_collections`; of two with the same name the first one. */
export function collectionsOf(roots: readonly string[]): readonly HostCollection[] {
  const found = new Map<string, HostCollection>();
  for (const root of roots) {
    for (const namespace of foldersOf(root)) {
      for (const folder of foldersOf(join(root, namespace))) {
        const name = `${namespace}.${folder}`;
        const collection = describe(name, join(root, namespace, folder));
        if (collection !== undefined && !found.has(name)) found.set(name, collection);
      }
    }
  }
  return [...found.values()].sort((left, right) => (left.name < right.name ? -1 : 1));
}

function foldersOf(path: string): readonly string[] {
  const items = readdirSync(path, { withFileTypes: true });
  return items.filter((item) => item.isDirectory() && /^[a-z]\w*$/.test(item.name)).map(({ name }) => name);
}

function describe(name: string, path: string): HostCollection | undefined {
  const [manifest, galaxy] = [join(path, 'MANIFEST.json'), join(path, 'galaxy.yml')];
  const data: unknown = existsSync(manifest)
    ? JSON.parse(readFileSync(manifest, 'utf8'))
    : existsSync(galaxy)
      ? { collection_info: loadYaml(readFileSync(galaxy, 'utf8')) }
      : undefined;
  const info = isRecord(data) ? data.collection_info : undefined;
  if (!isRecord(info)) return undefined;
  const needs = isRecord(info.dependencies) ? Object.keys(info.dependencies) : [];
  return { name, version: String(info.version ?? '0'), path, needs };
}

/** Reads ansible-core's own list of what moved into collections. */
export function routingOf(file: string): Routing {
  const data = loadYaml(readFileSync(file, 'utf8'));
  const plugins = isRecord(data) && isRecord(data.plugin_routing) ? data.plugin_routing : {};
  return Object.fromEntries(
    ROUTED_KINDS.map((kind) => {
      const entries = Object.entries(isRecord(plugins[kind]) ? plugins[kind] : {});
      const names = entries.flatMap(([name, to]) => {
        const target = isRecord(to) && typeof to.redirect === 'string' ? to.redirect : '';
        const [namespace, collection, ...rest] = target.split('.');
        const isMoved =
          rest.length > 0 && namespace !== 'ansible_collections' && !target.startsWith('ansible.builtin.');
        return isMoved ? [[name, `${namespace}.${collection}`] as const] : [];
      });
      return [kind, Object.fromEntries(names)];
    }),
  );
}
