// SPDX-License-Identifier: Apache-2.0
// Turns an archive from a stranger into a role or a collection that can be unpacked anywhere: bounded, checked, in one form.

import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { errorText } from '../../domain/index.js';
import { packTar, readTar, type TarEntry, type TarMember } from '../../ssh/index.js';
import { trimEndOf } from '../../util/trim-text.js';
import type { ContentPin, ContentRequest, FoundContent } from './content.js';
import { ContentError } from './failure.js';
import { collectionNeeds, roleNeeds } from './needs.js';

/** Largest content when unpacked. */
export const MAX_UNPACKED_BYTES = 128_000_000;
const MAX_FILES = 20_000;

const ROLE_MARKS = ['meta/main.yml', 'meta/main.yaml', 'tasks/main.yml', 'tasks/main.yaml'];
const COLLECTION_MARKS = ['MANIFEST.json', 'galaxy.yml'];

/** Files of a content by path below its own directory. */
export type ContentFiles = ReadonlyMap<string, TarMember>;

/**
 * Packs what an archive (tar, also compressed by gzip) holds.
 * @throws ContentError when it is no archive, leads out of its directory, is too large, or holds neither role nor collection.
 */
export function packContent(request: ContentRequest, archive: Buffer): FoundContent {
  const members = readArchive(archive);
  const root = rootOf(request.kind, members);
  const files = filesBelow(root, members);
  const pin = request.kind === 'role' ? describeRole(request, files) : describeCollection(request, files);
  let packed: Buffer;
  try {
    packed = packTar(
      [...files].sort(([left], [right]) => (left < right ? -1 : 1)).map(([path, file]) => entryOf(path, file)),
    );
  } catch (error) {
    throw new ContentError(errorText(error), { cause: error });
  }
  return { ...pin, sha256: createHash('sha256').update(packed).digest('hex'), packed };
}

function readArchive(archive: Buffer): readonly TarMember[] {
  const isCompressed = archive[0] === 0x1f && archive[1] === 0x8b;
  try {
    const tar = isCompressed ? gunzipSync(archive, { maxOutputLength: MAX_UNPACKED_BYTES }) : archive;
    if (tar.length > MAX_UNPACKED_BYTES) throw new RangeError('too large');
    return readTar(tar, MAX_FILES);
  } catch (error) {
    const isTooLarge = error instanceof RangeError && /larger than|too large/.test(error.message);
    const limit = `It is larger than ${MAX_UNPACKED_BYTES / 1_000_000} MB when unpacked.`;
    throw new ContentError(
      isTooLarge ? limit : `It is no tar archive (.tar.gz) that can be read: ${errorText(error)}`,
      {
        cause: error,
      },
    );
  }
}

/** As Ansible Galaxy does: the directory nearest to the top that has the marks of a role. */
function rootOf(kind: ContentRequest['kind'], members: readonly TarMember[]): string {
  const marks = kind === 'role' ? ROLE_MARKS : COLLECTION_MARKS;
  const roots = members.flatMap(({ kind: type, path }) => {
    const clean = posix.normalize(path);
    const mark = marks.find((candidate) => clean === candidate || clean.endsWith(`/${candidate}`));
    return type === 'file' && mark !== undefined ? [clean.slice(0, clean.length - mark.length)] : [];
  });
  const [root] = roots.sort((left, right) => left.split('/').length - right.split('/').length);
  if (root === undefined) throw new ContentError(`There is no Ansible ${kind} in it (no ${marks.join(', no ')}).`);
  return root;
}

function filesBelow(root: string, members: readonly TarMember[]): ContentFiles {
  const files = new Map<string, TarMember>();
  for (const member of members) {
    const path = posix.normalize(member.path);
    if (path.startsWith('/') || path.startsWith('../') || path === '..' || /[\0\n]/.test(path)) {
      throw new ContentError(
        `It holds the file ${JSON.stringify(member.path.slice(0, 200))}, which leads out of its directory.`,
      );
    }
    if (member.kind === 'directory' || !path.startsWith(root)) continue;
    files.set(path.slice(root.length), member);
  }
  for (const [path, { kind, linkTo }] of files) {
    if (kind !== 'link') continue;
    const target = posix.normalize(posix.join(posix.dirname(path), linkTo));
    if (linkTo === '' || linkTo.startsWith('/') || target === '..' || target.startsWith('../')) {
      throw new ContentError(`Its link ${JSON.stringify(path)} leads out of its directory.`);
    }
  }
  // Nothing may be written through a link.
  for (const path of files.keys()) {
    for (let parent = posix.dirname(path); parent !== '.'; parent = posix.dirname(parent)) {
      if (files.has(parent))
        throw new ContentError(`It holds ${JSON.stringify(path)} inside of something that is no directory.`);
    }
  }
  return files;
}

function entryOf(path: string, { kind, mode, content, linkTo }: TarMember): TarEntry {
  if (kind === 'link') return { path, linkTo, mode: 0o777 };
  return { path, content, mode: (mode & 0o111) === 0 ? 0o644 : 0o755 };
}

type Description = Omit<ContentPin, 'sha256'>;

const ROLE_NAME = /^\w[\w.+-]{0,150}$/;

function describeRole(request: ContentRequest, files: ContentFiles): Description {
  const name = request.name ?? roleNameOf(request.source);
  if (!ROLE_NAME.test(name)) {
    throw new ContentError(
      `${JSON.stringify(name)} cannot be the name of a role: write one after "|" (letters, digits, "_", ".", "-").`,
    );
  }
  return { path: `roles/${name}`, needs: roleNeeds(files) };
}

/** `https://host/x/name.tar.gz` and `git+https://host/x/name.git` are `name`, `user.role` is itself. */
export function roleNameOf(source: string): string {
  if (!source.includes('://')) return source;
  const path = URL.canParse(source.replace(/^git\+/, '')) ? new URL(source.replace(/^git\+/, '')).pathname : source;
  return (trimEndOf(path, '/').split('/').at(-1) ?? '').replace(/\.git$|\.tar\.gz$|\.tgz$|\.tar$/, '');
}

function describeCollection(request: ContentRequest, files: ContentFiles): Description {
  const { namespace, name, needs } = collectionNeeds(files);
  const fullName = `${namespace}.${name}`;
  if (!request.source.includes('://') && request.source !== fullName) {
    throw new ContentError(`The archive holds the collection ${JSON.stringify(fullName)}.`);
  }
  return { path: `collections/ansible_collections/${namespace}/${name}`, needs };
}
