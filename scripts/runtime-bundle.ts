// SPDX-License-Identifier: Apache-2.0
// Assembles the Ansible runtimes that are pushed to master nodes: one from the ansible-core that is installed on this host, others from
// the package index for nodes whose Python this one does not fit, and the collections of this host. What is there already stays.
//
//   node --import tsx scripts/runtime-bundle.ts --out DIR [--ansible /usr/bin/ansible-playbook] [--cores usual|all|2.16,2.18] [--collections all|NAME,...]
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import {
  type CollectionBundle,
  MANIFEST_FORMAT,
  parseManifest,
  type RuntimeBundle,
  type RuntimeManifest,
} from '../src/contextualization/runtime/manifest.js';
import { pythonRangeOf } from '../src/contextualization/runtime/python-range.js';
import { ROUTING_FILE } from '../src/contextualization/runtime/routing.js';
import { launchers } from '../src/contextualization/runtime/runtime-program.js';
import { packTar, type TarEntry } from '../src/ssh/index.js';
import { type AnsibleSource, type HostAnsible, hostAnsible } from './runtime/ansible-source.js';
import { bundleEntries, filesOf } from './runtime/bundle-entries.js';
import { collectionsOf, type HostCollection, routingOf } from './runtime/collections.js';
import { findPip, lockedCores, lockOf, withLockedAnsible } from './runtime/package-index.js';

const POSIX = 'ansible.posix';
/** With these every Python from 3.6 on has one, and the version that the reference installs (core 2.16) is among them. */
const USUAL_CORES = ['2.11', '2.13', '2.15', '2.16', '2.18', '2.21'];
/** Raised when the same inputs give other bundles. */
const RECIPE = '1';

class Refusal extends Error {
  override readonly name = 'Refusal';
}

function argument(name: string): string | undefined {
  const at = process.argv.indexOf(name);
  return at === -1 ? undefined : process.argv[at + 1];
}

const sha256Of = (data: string | Buffer): string => createHash('sha256').update(data).digest('hex');
const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

function readOld(out: string): RuntimeManifest {
  const nothing = { bundles: [], collections: [] };
  try {
    return parseManifest(JSON.parse(readFileSync(join(out, 'manifest.json'), 'utf8')));
  } catch {
    return nothing; // missing or of another version: all is made anew
  }
}

function write(out: string, name: string, content: string | Buffer): void {
  writeFileSync(join(out, `${name}.new`), content, { mode: 0o644 });
  renameSync(join(out, `${name}.new`), join(out, name));
}

/** Writes an archive under the name of its content. */
function pack(out: string, entries: Iterable<TarEntry>): { file: string; sha256: string; bytes: number } {
  const archive = gzipSync(packTar(entries), { level: 9 });
  const sha256 = sha256Of(archive);
  const file = `${sha256}.tar.gz`;
  if (!existsSync(join(out, file))) write(out, file, archive);
  return { file, sha256, bytes: archive.length };
}

function makeBundle(out: string, source: AnsibleSource, posix: HostCollection, lock?: string): RuntimeBundle {
  const { ansibleCore, hostPython } = source;
  const bundle: RuntimeBundle = {
    ...pack(out, bundleEntries(source, posix.path)),
    ansibleCore,
    python: pythonRangeOf(ansibleCore, hostPython ?? '3.11'),
    collections: [POSIX],
    ...(lock !== undefined && { lock }),
  };
  const { min, max } = bundle.python;
  console.log(
    `ansible-core ${ansibleCore} for Python ${min}-${max}: ${join(out, bundle.file)}, ${megabytes(bundle.bytes)}`,
  );
  return bundle;
}

/** Versions besides the host's: those asked for, and those of earlier runs. What cannot be had is told and left out. */
function indexBundles(out: string, old: RuntimeManifest, posix: HostCollection): readonly RuntimeBundle[] {
  const asked = argument('--cores') ?? '';
  const cores = asked === 'all' ? lockedCores() : asked === 'usual' ? USUAL_CORES : asked.split(',').filter(Boolean);
  const unknown = cores.filter((core) => !lockedCores().includes(core));
  if (unknown.length > 0)
    throw new Refusal(`no lock file of ${unknown.join(', ')}; there is ${lockedCores().join(', ')}`);
  const pip = cores.length === 0 ? undefined : findPip();
  return lockedCores().flatMap((core) => {
    const lock = sha256Of([RECIPE, posix.version, lockOf(core), ...[...launchers()].flat()].join('\n'));
    const there = old.bundles.find((bundle) => bundle.lock === lock && existsSync(join(out, bundle.file)));
    if (there) return [there];
    if (!cores.includes(core)) return [];
    if (pip === undefined) {
      console.warn(
        `runtime-bundle: **** NO BUNDLE OF ansible-core ${core}: there is no pip on this host (apt-get install python3-pip) ****`,
      );
      return [];
    }
    try {
      return [withLockedAnsible(pip, core, (source) => makeBundle(out, source, posix, lock))];
    } catch (error) {
      console.warn(
        `runtime-bundle: **** NO BUNDLE OF ansible-core ${core}: ${error instanceof Error ? error.message : String(error)} ****`,
      );
      return [];
    }
  });
}

/** Collections of this host: those asked for, and those of earlier runs. */
function collectionBundles(
  out: string,
  old: RuntimeManifest,
  found: readonly HostCollection[],
): readonly CollectionBundle[] {
  const asked = argument('--collections') ?? '';
  const names = asked.split(',');
  let made = 0;
  const bundles = found.flatMap(({ name, version, path, needs }): CollectionBundle[] => {
    const there = old.collections.find((item) => item.name === name && item.version === version);
    if (there && existsSync(join(out, there.file))) return [there];
    // The callback of ansible.posix is also for an Ansible that a node got elsewhere.
    if (asked !== 'all' && name !== POSIX && !names.includes(name)) return [];
    made += 1;
    const under = `ansible_collections/${name.replace('.', '/')}`;
    return [{ name, version, needs, ...pack(out, filesOf(path, under)) }];
  });
  if (made > 0) {
    const total = bundles.reduce((sum, { bytes }) => sum + bytes, 0);
    console.log(`${bundles.length} collections (${made} of them packed now): ${megabytes(total)}`);
  }
  return bundles;
}

function assemble(out: string, host: HostAnsible): void {
  mkdirSync(out, { recursive: true });
  const old = readOld(out);
  const found = collectionsOf(host.collectionRoots);
  const posix = found.find(({ name }) => name === POSIX);
  if (!posix) throw new Refusal(`the collection ${POSIX} is missing. Install it first: apt-get install ansible`);
  const own = makeBundle(out, host, posix);
  const others = indexBundles(out, old, posix).filter(({ sha256 }) => sha256 !== own.sha256);
  const manifest: RuntimeManifest = {
    bundles: [own, ...others],
    collections: collectionBundles(out, old, found),
  };
  write(out, ROUTING_FILE, `${JSON.stringify(routingOf(host.routingFile))}\n`);
  write(out, 'manifest.json', `${JSON.stringify({ format: MANIFEST_FORMAT, ...manifest }, null, 2)}\n`);
  const kept = new Set([...manifest.bundles, ...manifest.collections].map(({ file }) => file));
  for (const name of readdirSync(out)) {
    if (/^[0-9a-f]{64}\.tar\.gz$/.test(name) && !kept.has(name)) rmSync(join(out, name));
  }
}

try {
  const out = argument('--out');
  if (out === undefined) throw new Refusal('where to? --out DIR');
  assemble(out, hostAnsible(argument('--ansible')));
} catch (error) {
  console.error(`runtime-bundle: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
