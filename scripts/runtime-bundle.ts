// SPDX-License-Identifier: Apache-2.0
// Assembles the Ansible runtime bundle that is pushed to master nodes, from the ansible-core that is installed on this host.
//
//   node --import tsx scripts/runtime-bundle.ts --out DIR [--ansible /usr/bin/ansible-playbook]
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  accessSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { MANIFEST_FORMAT, type RuntimeBundle } from '../src/contextualization/runtime/manifest.js';
import { pythonRangeOf } from '../src/contextualization/runtime/python-range.js';
import { packTar, type TarEntry } from '../src/ssh/index.js';

/** Python packages by the name of their distribution. */
const PACKAGES: Readonly<Record<string, string>> = {
  ansible: 'ansible-core',
  jinja2: 'Jinja2',
  markupsafe: 'MarkupSafe',
  yaml: 'PyYAML',
  packaging: 'packaging',
  resolvelib: 'resolvelib',
  jmespath: 'jmespath',
};
// Without these Ansible runs, only a feature is missing (json_query, collection installs).
const OPTIONAL = new Set(['jmespath', 'resolvelib']);
/** ansible-vault needs a package that has no pure Python form; this takes its place where a node lacks it. */
const FALLBACK = new URL('./runtime/cryptography_fallback.py', import.meta.url);
const COLLECTION = 'ansible.posix';
const COMMANDS = ['playbook', 'galaxy', 'vault', 'inventory', 'doc', 'config'];
const LEFT_OUT =
  /(^|\/)(__pycache__|tests|docs|changelogs|\.github|\.azure-pipelines)(\/|$)|\.(so|pyc|pyo|c|pyi|orig)$/;

interface Found {
  readonly python: string;
  readonly ansible: string;
  readonly roots: Readonly<Record<string, string | null>>;
  /** File with name and version of each distribution: Ansible asks for the versions of what it uses. */
  readonly metadata: Readonly<Record<string, string | null>>;
  readonly collection: string | null;
}

const fail = (text: string): never => {
  console.error(`runtime-bundle: ${text}`);
  process.exit(1);
};

function argument(name: string): string | undefined {
  const at = process.argv.indexOf(name);
  return at === -1 ? undefined : process.argv[at + 1];
}

/** The `ansible-playbook` of the host: as given, else the distribution's, else the first one in PATH. */
function findAnsible(): string {
  const inPath = (process.env.PATH ?? '').split(delimiter).map((directory) => join(directory, 'ansible-playbook'));
  const found = [argument('--ansible'), '/usr/bin/ansible-playbook', ...inPath].find(
    (path) => path && existsSync(path),
  );
  return found ?? fail('no ansible-playbook on this host. Install it first: apt-get install ansible');
}

/** Asks the interpreter that runs the host's Ansible where its packages are. */
function locate(ansible: string): Found {
  const interpreter = /^#!\s*(\S+)(?:\s+(\S+))?/.exec(readFileSync(ansible, 'utf8'));
  const command = interpreter?.[1]?.endsWith('/env') ? interpreter[2] : interpreter?.[1];
  const program = `
import importlib.metadata, importlib.util, json, os, platform
def root(name):
    spec = importlib.util.find_spec(name)
    return spec and spec.origin and os.path.dirname(spec.origin)
def metadata(name):
    try:
        path = str(importlib.metadata.distribution(name)._path)
    except importlib.metadata.PackageNotFoundError:
        return None
    files = [os.path.join(path, 'METADATA'), os.path.join(path, 'PKG-INFO'), path]
    return next((file for file in files if os.path.isfile(file)), None)
packages = ${JSON.stringify(PACKAGES)}
import ansible.release
collection = None
import sys
for base in [os.path.expanduser('~/.ansible/collections'), '/usr/share/ansible/collections'] + sys.path:
    path = os.path.join(base, 'ansible_collections', *${JSON.stringify(COLLECTION)}.split('.'))
    if os.path.isdir(path):
        collection = path
        break
print(json.dumps({'python': platform.python_version(), 'ansible': ansible.release.__version__,
    'roots': {name: root(name) for name in packages}, 'collection': collection,
    'metadata': {name: metadata(distribution) for name, distribution in packages.items()}}))`;
  try {
    return JSON.parse(execFileSync(command ?? 'python3', ['-c', program], { encoding: 'utf8', timeout: 60_000 }));
  } catch (error) {
    return fail(`${ansible} does not work: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function* filesOf(directory: string, under: string): Generator<TarEntry> {
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

const launcher = (command: string): string => `#!/usr/bin/env python3
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.realpath(__file__))), 'lib'))
try:
    import cryptography
except ImportError:
    import cryptography_fallback
    cryptography_fallback.install()
from ansible.cli.${command} import main

sys.exit(main())
`;

/** Where Python looks for the metadata of a distribution, whatever form it had on this host. */
function metadataFolder(distribution: string, file: string): string {
  const version = /^Version: *(\S+)/m.exec(readFileSync(file, 'utf8'))?.[1] ?? '0';
  return `${distribution.replaceAll('-', '_')}-${version}.dist-info/METADATA`;
}

function* entries(found: Found): Generator<TarEntry> {
  for (const command of COMMANDS) {
    const name = `bin/ansible-${command}`;
    yield { path: name, content: launcher(command), mode: 0o755 };
  }
  yield { path: 'bin/ansible', content: launcher('adhoc'), mode: 0o755 };
  for (const [name, distribution] of Object.entries(PACKAGES)) {
    const root = found.roots[name];
    const metadata = found.metadata[name];
    if (root) yield* filesOf(root, `lib/${name}`);
    if (metadata)
      yield { path: `lib/${metadataFolder(distribution, metadata)}`, content: readFileSync(metadata), mode: 0o644 };
    if (!root && !OPTIONAL.has(name)) fail(`the Python package ${name} is missing beside ansible. Install it first.`);
  }
  if (!found.collection) {
    fail(`the collection ${COLLECTION} is missing. Install it first: apt-get install ansible`);
    return;
  }
  yield* filesOf(found.collection, `lib/ansible_collections/${COLLECTION.replace('.', '/')}`);
  yield { path: 'lib/cryptography_fallback.py', content: readFileSync(FALLBACK), mode: 0o644 };
  const licences = Object.keys(PACKAGES).map((name) => (name === 'ansible' ? 'ansible-core' : `python3-${name}`));
  for (const name of licences) {
    const path = `/usr/share/doc/${name}/copyright`;
    if (existsSync(path)) yield { path: `licences/${name}`, content: readFileSync(path), mode: 0o644 };
  }
  yield {
    path: 'README',
    content: `ansible-core ${found.ansible} and what it needs, unmodified, compiled parts left out; cryptography_fallback.py is of the Infrastructure Manager (Apache-2.0). Licences: see licences/ and the files themselves.\n`,
    mode: 0o644,
  };
}

function main(): void {
  const out = argument('--out') ?? fail('where to? --out DIR');
  const found = locate(findAnsible());
  const archive = gzipSync(packTar(entries(found)), { level: 9 });
  const sha256 = createHash('sha256').update(archive).digest('hex');
  const bundle: RuntimeBundle = {
    file: `${sha256}.tar.gz`,
    sha256,
    bytes: archive.length,
    ansibleCore: found.ansible,
    python: pythonRangeOf(found.ansible, found.python),
    collections: [COLLECTION],
  };
  mkdirSync(out, { recursive: true });
  accessSync(out);
  const write = (name: string, content: string | Buffer) => {
    writeFileSync(join(out, `${name}.new`), content, { mode: 0o644 });
    renameSync(join(out, `${name}.new`), join(out, name));
  };
  if (!existsSync(join(out, bundle.file))) write(bundle.file, archive);
  write('manifest.json', `${JSON.stringify({ format: MANIFEST_FORMAT, bundles: [bundle] }, null, 2)}\n`);
  for (const name of readdirSync(out)) {
    if (/^[0-9a-f]{64}\.tar\.gz$/.test(name) && name !== bundle.file) rmSync(join(out, name));
  }
  console.log(
    `ansible-core ${found.ansible} for Python ${bundle.python.min}-${bundle.python.max}: ${join(out, bundle.file)}, ${(archive.length / 1e6).toFixed(1)} MB`,
  );
}

main();
