// SPDX-License-Identifier: Apache-2.0
// Writes ustar archives (long paths as GNU does) in memory: many small files become one stream that any machine unpacks.

/** A file, a directory or a symbolic link of an archive. Directories need entries only for their mode. */
export interface TarEntry {
  /** Relative, with `/`, without `..`. */
  readonly path: string;
  /** Undefined makes a directory, or a symbolic link. */
  readonly content?: string | Buffer;
  /** Target of a symbolic link, relative to the directory of the link. */
  readonly linkTo?: string;
  readonly mode: number;
}

const BLOCK = 512;
const LONGEST_NAME = 100;
const LONGEST_PREFIX = 155;

/** ustar keeps long paths in two fields, split at a slash; undefined when that is not enough. */
function splitPath(path: string): { readonly name: string; readonly prefix: string } | undefined {
  if (Buffer.byteLength(path) <= LONGEST_NAME) return { name: path, prefix: '' };
  for (let cut = path.indexOf('/'); cut !== -1; cut = path.indexOf('/', cut + 1)) {
    const [prefix, name] = [path.slice(0, cut), path.slice(cut + 1)];
    if (Buffer.byteLength(prefix) <= LONGEST_PREFIX && name !== '' && Buffer.byteLength(name) <= LONGEST_NAME) {
      return { name, prefix };
    }
  }
  return undefined;
}

function header(path: string, mode: number, size: number, type: '0' | '2' | '5', linkTo = ''): Buffer {
  const names = splitPath(path);
  if (names !== undefined) return headerBlock(names, mode, size, type, linkTo);
  // The GNU way: a member in front that holds nothing but the path.
  const text = Buffer.from(`${path}\0`);
  const cut = Buffer.from(path).subarray(0, LONGEST_NAME).toString('latin1');
  return Buffer.concat([
    headerBlock({ name: '././@LongLink', prefix: '' }, 0o644, text.length, 'L', ''),
    text,
    padding(text.length),
    headerBlock({ name: cut.replace(/[^\x20-\x7e]/g, '_'), prefix: '' }, mode, size, type, linkTo),
  ]);
}

const padding = (size: number): Buffer => Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK);

function headerBlock(
  { name, prefix }: { readonly name: string; readonly prefix: string },
  mode: number,
  size: number,
  type: string,
  linkTo: string,
): Buffer {
  const block = Buffer.alloc(BLOCK);
  const octal = (value: number, digits: number): string => `${value.toString(8).padStart(digits, '0')}\0`;
  block.write(name, 0);
  block.write(octal(mode, 7), 100);
  block.write(octal(0, 7), 108); // owner and group: whoever unpacks
  block.write(octal(0, 7), 116);
  block.write(octal(size, 11), 124);
  block.write(octal(0, 11), 136); // no time stamp: the same content gives the same archive
  block.write('        ', 148);
  block.write(type, 156);
  if (Buffer.byteLength(linkTo) > LONGEST_NAME)
    throw new RangeError(`The link to ${linkTo} is too long for a tar archive.`);
  block.write(linkTo, 157);
  block.write('ustar\x0000', 257, 'latin1');
  block.write(prefix, 345);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}

/**
 * Packs entries in the order given. The same entries give the same bytes.
 * @throws RangeError for a path that leaves the directory, and for links that are too long for the format.
 */
export function packTar(entries: Iterable<TarEntry>): Buffer {
  const parts: Buffer[] = [];
  for (const { path, content, mode, linkTo } of entries) {
    if (path.startsWith('/') || path.split('/').some((part) => part === '..' || part === '')) {
      throw new RangeError(`${path} is no path inside an archive.`);
    }
    if (linkTo !== undefined) {
      parts.push(header(path, mode, 0, '2', linkTo));
      continue;
    }
    if (content === undefined) {
      parts.push(header(path, mode, 0, '5'));
      continue;
    }
    const bytes = Buffer.from(content);
    parts.push(header(path, mode, bytes.length, '0'), bytes, padding(bytes.length));
  }
  parts.push(Buffer.alloc(2 * BLOCK));
  return Buffer.concat(parts);
}
