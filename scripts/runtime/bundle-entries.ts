// SPDX-License-Identifier: Apache-2.0
// The files of a runtime bundle: launchers, packages without their compiled parts, their metadata and licences.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { launchers } from '../../src/contextualization/runtime/runtime-program.js';
import type { TarEntry } from '../../src/ssh/index.js';
import { type AnsibleSource, PACKAGES, type PythonPackage } from './ansible-source.js';

/** ansible-vault needs a package that has no pure Python form; this takes its place where a node lacks it. */
const FALLBACK = new URL('./cryptography_fallback.py', import.meta.url);
const LEFT_OUT =
  /(^|\/)(__pycache__|tests|docs|changelogs|\.github|\.azure-pipelines)(\/|$)|\.(so|pyc|pyo|c|pyi|orig)$/;

/** The files below a directory in a fixed order, without tests, documents and whatever was compiled. */
export function* filesOf(directory: string, under: string): Generator<TarEntry> {
  const items = readdirSync(directory, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const item of items) {
    const path = `${under}/${item.name}`;
    if (LEFT_OUT.test(path)) continue;
    if (item.isDirectory()) yield* filesOf(join(directory, item.name), path);
    else if (existsSync(join(directory, item.name))) {
      yield { path, content: readFileSync(join(directory, item.name)), mode: 0o644 };
    }
  }
}

/** Where Python looks for the metadata of a distribution, whatever form it had on this host. */
function metadataFolder(distribution: string, file: string): string {
  const version = /^Version: *(\S+)/m.exec(readFileSync(file, 'utf8'))?.[1] ?? '0';
  return `${distribution.replaceAll('-', '_')}-${version}.dist-info/METADATA`;
}

function* packageEntries({ name, path, metadata }: PythonPackage): Generator<TarEntry> {
  if (statSync(path).isDirectory()) yield* filesOf(path, `lib/${name}`);
  else yield { path: `lib/${name}.py`, content: readFileSync(path), mode: 0o644 };
  const distribution = PACKAGES[name]?.distribution ?? name;
  if (metadata) {
    yield { path: `lib/${metadataFolder(distribution, metadata)}`, content: readFileSync(metadata), mode: 0o644 };
  }
  yield* licenceEntries(name, metadata);
}

/** Of a distribution's package, or of a wheel. */
function* licenceEntries(name: string, metadata: string | null): Generator<TarEntry> {
  const debian = `/usr/share/doc/${name === 'ansible' ? 'ansible-core' : `python3-${name.replaceAll('_', '-')}`}/copyright`;
  const folder = metadata === null ? '' : dirname(metadata);
  if (!folder.endsWith('.dist-info') || folder.startsWith('/usr/lib/')) {
    if (existsSync(debian)) yield { path: `licences/${name}`, content: readFileSync(debian), mode: 0o644 };
    return;
  }
  const places = [folder, join(folder, 'licenses')].filter((place) => existsSync(place));
  for (const place of places) {
    for (const item of readdirSync(place, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
      if (!item.isFile() || !/^(LICEN[CS]E|COPYING|NOTICE)/i.test(item.name)) continue;
      yield {
        path: `licences/${name}-${basename(item.name)}`,
        content: readFileSync(join(place, item.name)),
        mode: 0o644,
      };
    }
  }
}

/**
 * Everything that a node needs to run Ansible.
 * @param posix directory of the collection ansible.posix, which has the callback that writes the events
 */
export function* bundleEntries(source: AnsibleSource, posix: string): Generator<TarEntry> {
  for (const [name, text] of launchers()) yield { path: `bin/${name}`, content: text, mode: 0o755 };
  for (const item of source.packages) yield* packageEntries(item);
  yield* filesOf(posix, 'lib/ansible_collections/ansible/posix');
  yield { path: 'lib/cryptography_fallback.py', content: readFileSync(FALLBACK), mode: 0o644 };
  yield {
    path: 'README',
    content: `ansible-core ${source.ansibleCore} and what it needs, unmodified, compiled parts left out; cryptography_fallback.py is of the Infrastructure Manager (Apache-2.0). Licences: see licences/ and the files themselves.\n`,
    mode: 0o644,
  };
}
