// SPDX-License-Identifier: Apache-2.0
// The Ansible runtime bundles that set-up put beside the daemon, and the choice of the one that a node can run.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errorText, ImError } from '../../domain/index.js';

/** Version of the manifest's form. */
export const MANIFEST_FORMAT = 1;

/** One bundle: pure Python, any processor (contextualization.md §24.3). */
export interface RuntimeBundle {
  /** File name beside the manifest. */
  readonly file: string;
  /** Of the file, in hex; also the name of its directory on the nodes. */
  readonly sha256: string;
  readonly bytes: number;
  readonly ansibleCore: string;
  /** Versions of Python that can run it, both included: `3.9`, `3.11`. */
  readonly python: { readonly min: string; readonly max: string };
  readonly collections: readonly string[];
  /** What it was made from, when that was a lock file and not the Ansible of the host. */
  readonly lock?: string;
}

/** A collection of its own, sent when a recipe uses it. */
export interface CollectionBundle {
  /** `namespace.name` */
  readonly name: string;
  readonly version: string;
  /** Names of other collections. */
  readonly needs: readonly string[];
  readonly file: string;
  readonly sha256: string;
  readonly bytes: number;
}

/** What set-up made. */
export interface RuntimeManifest {
  readonly bundles: readonly RuntimeBundle[];
  readonly collections: readonly CollectionBundle[];
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function parseFile(value: Record<string, unknown>): Pick<RuntimeBundle, 'file' | 'sha256' | 'bytes'> | undefined {
  const { file, sha256, bytes } = value;
  if (typeof file !== 'string' || !/^[\w.-]+$/.test(file)) return undefined;
  if (typeof sha256 !== 'string' || !/^[0-9a-f]{64}$/.test(sha256)) return undefined;
  return typeof bytes === 'number' ? { file, sha256, bytes } : undefined;
}

function parseBundle(value: unknown): RuntimeBundle | undefined {
  if (!isRecord(value) || !isRecord(value.python)) return undefined;
  const { ansibleCore, collections, lock } = value;
  const { min, max } = value.python;
  const archive = parseFile(value);
  if (archive === undefined || typeof ansibleCore !== 'string') return undefined;
  if (typeof min !== 'string' || typeof max !== 'string' || !Array.isArray(collections)) return undefined;
  return {
    ...archive,
    ansibleCore,
    python: { min, max },
    collections: collections.map(String),
    ...(typeof lock === 'string' && { lock }),
  };
}

function parseCollection(value: unknown): CollectionBundle | undefined {
  if (!isRecord(value)) return undefined;
  const { name, version, needs } = value;
  const archive = parseFile(value);
  if (archive === undefined || typeof name !== 'string' || typeof version !== 'string') return undefined;
  return Array.isArray(needs) ? { name, version, needs: needs.map(String), ...archive } : undefined;
}

/** @throws Error when the data is not of this form */
export function parseManifest(data: unknown): RuntimeManifest {
  if (!isRecord(data) || data.format !== MANIFEST_FORMAT || !Array.isArray(data.bundles)) throw new Error('wrong form');
  const complete = <T>(item: T | undefined): T => {
    if (item === undefined) throw new Error('a bundle of the list is not described completely');
    return item;
  };
  const collections: readonly unknown[] = Array.isArray(data.collections) ? data.collections : [];
  return {
    bundles: data.bundles.map((item) => complete(parseBundle(item))),
    collections: collections.map((item) => complete(parseCollection(item))),
  };
}

/**
 * Reads `manifest.json` of the bundle directory.
 * @throws ImError `internal` with the remedy when it is missing or damaged.
 */
export async function readManifest(directory: string): Promise<RuntimeManifest> {
  const path = join(directory, 'manifest.json');
  const remedy = `Make it with: npm run runtime-bundle (or: node --import tsx scripts/runtime-bundle.ts --out ${directory})`;
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw new ImError('internal', `The Ansible runtime bundle is missing: no ${path}. ${remedy}`, { cause: error });
  }
  try {
    return parseManifest(JSON.parse(text));
  } catch (error) {
    throw new ImError('internal', `${path} cannot be read: ${errorText(error)}. ${remedy}`, { cause: error });
  }
}

/** `3.11.2` → 311002: comparable numbers of the first three parts. */
const versionNumber = (text: string): number => {
  const [major = 0, minor = 0, patch = 0] = text.split('.').map((part) => Number.parseInt(part, 10) || 0);
  return major * 1_000_000 + minor * 1000 + patch;
};

/** Python `3.11.2` runs a bundle whose newest supported version is `3.11`: patch levels of the bounds do not count. */
function isRunnable(bundle: RuntimeBundle, python: string): boolean {
  const minor = versionNumber(python.split('.').slice(0, 2).join('.'));
  return versionNumber(bundle.python.min) <= minor && minor <= versionNumber(bundle.python.max);
}

/**
 * The ansible-core `2.N` of what documents write as `option ansible_version`: a version of the Ansible package (`9.5.1` is core 2.16) or
 * of ansible-core itself (`2.16.7`). Undefined for `latest` and for nothing: any.
 * @throws ImError `bad-request` for other texts.
 */
export function coreOf(ansibleVersion: string): string | undefined {
  const text = ansibleVersion.trim();
  if (text === '' || text === 'latest') return undefined;
  const [, major = '', minor = ''] = /^(\d{1,3})(?:\.(\d{1,3})[\w.-]{0,30})?$/.exec(text) ?? [];
  if (major === '2' && minor !== '') return `2.${minor}`;
  // The package has counted by whole numbers since 3 (core 2.10).
  if (Number(major) >= 3) return `2.${Number(major) + 7}`;
  throw new ImError(
    'bad-request',
    `The ansible_version ${JSON.stringify(text.slice(0, 100))} is no version: write 9.5.1, 2.16.7 or latest.`,
  );
}

// 2.19 has another template engine: conditions must be booleans, and much that recipes have always done is an error.
const NEWEST_OF_OLD_ENGINE = versionNumber('2.18.999');

/**
 * The bundle with the newest Ansible that this Python can run, of ansible-core `core` if given; undefined when there is none. Unasked,
 * those from 2.19 on are only taken when no older one fits: recipes are written for core 2.16, which the reference installs.
 */
export function chooseBundle(
  bundles: readonly RuntimeBundle[],
  python: string,
  core?: string,
): RuntimeBundle | undefined {
  const fitting = bundles
    .filter((bundle) => isRunnable(bundle, python))
    .filter(({ ansibleCore }) => core === undefined || ansibleCore === core || ansibleCore.startsWith(`${core}.`))
    .sort((left, right) => versionNumber(right.ansibleCore) - versionNumber(left.ansibleCore));
  return fitting.find(({ ansibleCore }) => versionNumber(ansibleCore) <= NEWEST_OF_OLD_ENGINE) ?? fitting[0];
}
