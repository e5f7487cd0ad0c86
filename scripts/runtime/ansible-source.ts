// SPDX-License-Identifier: Apache-2.0
// What a runtime bundle is made of: an ansible-core with the Python packages that it needs, found on this host or got from the package index.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** A Python package in a place of this host. */
export interface PythonPackage {
  /** Name to import. */
  readonly name: string;
  /** Its directory, or the one file that it is. */
  readonly path: string;
  /** File with name and version of its distribution: Ansible asks for the versions of what it uses. */
  readonly metadata: string | null;
}

/** An Ansible to pack. */
export interface AnsibleSource {
  readonly ansibleCore: string;
  /** Python that it was found under; null when it was made for no particular one. */
  readonly hostPython: string | null;
  readonly packages: readonly PythonPackage[];
}

interface KnownPackage {
  readonly distribution: string;
  /** Without it Ansible runs, only a feature is missing: json_query, installing collections, Windows. */
  readonly isOptional?: true;
}

/** Python packages by the name to import. */
export const PACKAGES: Readonly<Record<string, KnownPackage>> = {
  ansible: { distribution: 'ansible-core' },
  jinja2: { distribution: 'Jinja2' },
  markupsafe: { distribution: 'MarkupSafe' },
  yaml: { distribution: 'PyYAML' },
  packaging: { distribution: 'packaging' },
  resolvelib: { distribution: 'resolvelib', isOptional: true },
  jmespath: { distribution: 'jmespath', isOptional: true },
  // ansible-core 2.15 on Python 3.9, packaging before 22
  importlib_resources: { distribution: 'importlib-resources', isOptional: true },
  pyparsing: { distribution: 'pyparsing', isOptional: true },
  // For Windows nodes. Kerberos, NTLM and CredSSP have no pure Python form: log-ins are Basic, over HTTPS.
  winrm: { distribution: 'pywinrm', isOptional: true },
  xmltodict: { distribution: 'xmltodict', isOptional: true },
  requests: { distribution: 'requests', isOptional: true },
  urllib3: { distribution: 'urllib3', isOptional: true },
  idna: { distribution: 'idna', isOptional: true },
  certifi: { distribution: 'certifi', isOptional: true },
  chardet: { distribution: 'chardet', isOptional: true },
  charset_normalizer: { distribution: 'charset-normalizer', isOptional: true },
  six: { distribution: 'six', isOptional: true },
};

/** Ansible and its packages as this host has them, with the places of its collections. */
export interface HostAnsible extends AnsibleSource {
  /** Directories named `ansible_collections`, the first one wins. */
  readonly collectionRoots: readonly string[];
  /** File that says which collection took over what a short name was. */
  readonly routingFile: string;
}

const NOT_FOUND = 'no ansible-playbook on this host. Install it first: apt-get install ansible';

/** The `ansible-playbook` of the host: as given, else the distribution's, else the first one in PATH. */
function findAnsible(given: string | undefined): string {
  const inPath = (process.env.PATH ?? '').split(delimiter).map((directory) => join(directory, 'ansible-playbook'));
  const found = [given, '/usr/bin/ansible-playbook', ...inPath].find((path) => path && existsSync(path));
  if (found === undefined) throw new Error(NOT_FOUND);
  return found;
}

const LOCATE = `
import importlib.metadata, importlib.util, json, os, platform, sys
def root(name):
    spec = importlib.util.find_spec(name)
    if not spec or not spec.origin:
        return None
    return os.path.dirname(spec.origin) if spec.submodule_search_locations else spec.origin
def metadata(name):
    try:
        path = str(importlib.metadata.distribution(name)._path)
    except importlib.metadata.PackageNotFoundError:
        return None
    files = [os.path.join(path, 'METADATA'), os.path.join(path, 'PKG-INFO'), path]
    return next((file for file in files if os.path.isfile(file)), None)
names = json.loads(sys.argv[1])
import ansible.release
bases = [os.path.expanduser('~/.ansible/collections'), '/usr/share/ansible/collections'] + sys.path
roots = [os.path.join(base, 'ansible_collections') for base in bases]
print(json.dumps({'python': platform.python_version(), 'ansible': ansible.release.__version__,
    'roots': {name: root(name) for name in names}, 'metadata': {name: metadata(names[name]) for name in names},
    'collections': list(dict.fromkeys(path for path in roots if os.path.isdir(path)))}))`;

/** Asks the interpreter that runs the host's Ansible where its packages are. @throws Error that says what is missing. */
export function hostAnsible(given: string | undefined): HostAnsible {
  const ansible = findAnsible(given);
  const interpreter = /^#!\s*(\S+)(?:\s+(\S+))?/.exec(readFileSync(ansible, 'utf8'));
  const command = interpreter?.[1]?.endsWith('/env') ? interpreter[2] : interpreter?.[1];
  const names = Object.fromEntries(Object.entries(PACKAGES).map(([name, { distribution }]) => [name, distribution]));
  const output = execFileSync(command ?? 'python3', ['-c', LOCATE, JSON.stringify(names)], {
    encoding: 'utf8',
    timeout: 60_000,
  });
  const found: {
    readonly python: string;
    readonly ansible: string;
    readonly roots: Readonly<Record<string, string | null>>;
    readonly metadata: Readonly<Record<string, string | null>>;
    readonly collections: readonly string[];
  } = JSON.parse(output);
  const packages = Object.keys(PACKAGES).flatMap((name): PythonPackage[] => {
    const path = found.roots[name];
    return path ? [{ name, path, metadata: found.metadata[name] ?? null }] : [];
  });
  return {
    ansibleCore: found.ansible,
    hostPython: found.python,
    packages: complete(packages, ansible),
    collectionRoots: found.collections,
    routingFile: join(found.roots.ansible ?? '', 'config', 'ansible_builtin_runtime.yml'),
  };
}

/** Packages unpacked side by side in one directory, as wheels are. */
export function unpackedAnsible(directory: string): AnsibleSource {
  const names = readdirSync(directory);
  const metadataOf = (distribution: string): string | null => {
    const wanted = distribution.toLowerCase().replaceAll('-', '_');
    const folder = names.find((name) => name.endsWith('.dist-info') && name.toLowerCase().startsWith(`${wanted}-`));
    return folder === undefined ? null : join(directory, folder, 'METADATA');
  };
  const packages = Object.entries(PACKAGES).flatMap(([name, { distribution }]): PythonPackage[] => {
    const file = [name, `${name}.py`].find((candidate) => names.includes(candidate));
    return file === undefined ? [] : [{ name, path: join(directory, file), metadata: metadataOf(distribution) }];
  });
  const release = readFileSync(join(directory, 'ansible', 'release.py'), 'utf8');
  const ansibleCore = /^__version__ = '([\w.]+)'/m.exec(release)?.[1];
  if (ansibleCore === undefined) throw new Error(`${directory} does not say which ansible-core it is`);
  return { ansibleCore, hostPython: null, packages: complete(packages, directory) };
}

function complete(packages: readonly PythonPackage[], where: string): readonly PythonPackage[] {
  for (const [name, { distribution, isOptional }] of Object.entries(PACKAGES)) {
    if (isOptional || packages.some((item) => item.name === name)) continue;
    throw new Error(`the Python package ${distribution} is missing beside ${where}. Install it first.`);
  }
  return packages;
}
