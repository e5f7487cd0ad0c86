// SPDX-License-Identifier: Apache-2.0
// Reads tar archives in memory: ustar with the pax and GNU extensions for long names. Archives come from strangers.

/** What an archive holds. Paths are as written: whoever uses them must check them. */
export interface TarMember {
  readonly kind: 'file' | 'directory' | 'link';
  readonly path: string;
  /** Permission bits as written. */
  readonly mode: number;
  /** Of a file. */
  readonly content: Buffer;
  /** Of a symbolic link. */
  readonly linkTo: string;
}

const BLOCK = 512;
const EMPTY = Buffer.alloc(0);

/** What the extension headers in front of a member say about it. */
interface Extension {
  readonly path?: string;
  readonly linkpath?: string;
  readonly size?: number;
}

/**
 * The members in the order of the archive; a hard link is a copy of its file.
 * @throws RangeError when it is no tar archive, is cut off, has more than `maxMembers`, or holds devices and the like.
 */
export function readTar(archive: Buffer, maxMembers: number): readonly TarMember[] {
  const members: TarMember[] = [];
  const files = new Map<string, Buffer>();
  let extension: Extension = {};
  for (let offset = 0; offset + BLOCK <= archive.length; ) {
    const header = archive.subarray(offset, offset + BLOCK);
    if (header.every((byte) => byte === 0)) return members;
    checkSum(header);
    const type = String.fromCharCode(header[156] ?? 0);
    const size = extension.size ?? numberAt(header, 124, 12);
    const start = offset + BLOCK;
    const end = start + size;
    if (end > archive.length) throw new RangeError('The archive is cut off.');
    const content = archive.subarray(start, end);
    offset = start + Math.ceil(size / BLOCK) * BLOCK;
    if (type === 'x' || type === 'L' || type === 'K') {
      extension = { ...extension, ...readExtension(type, content) };
      continue;
    }
    if (type === 'g') continue;
    const path = extension.path ?? pathAt(header);
    const linkTo = extension.linkpath ?? textAt(header, 157, 100);
    const mode = numberAt(header, 100, 8) & 0o777;
    extension = {};
    if (members.length >= maxMembers) throw new RangeError(`The archive holds more than ${maxMembers} files.`);
    members.push(memberOf(type, { path, mode, content, linkTo }, files));
  }
  throw new RangeError('The archive is cut off.');
}

function memberOf(type: string, found: Omit<TarMember, 'kind'>, files: Map<string, Buffer>): TarMember {
  switch (type) {
    case '0':
    case '\0':
    case '7':
      files.set(found.path, found.content);
      return { ...found, kind: 'file', linkTo: '' };
    case '1': {
      const content = files.get(found.linkTo);
      if (content === undefined) throw new RangeError(`${found.path} is a link to a file that is not in the archive.`);
      return { ...found, kind: 'file', content, linkTo: '' };
    }
    case '2':
      return { ...found, kind: 'link', content: EMPTY };
    case '5':
      return { ...found, kind: 'directory', content: EMPTY, linkTo: '' };
    default:
      throw new RangeError(
        `${found.path} is neither a file nor a directory nor a link (type ${JSON.stringify(type)}).`,
      );
  }
}

function readExtension(type: string, content: Buffer): Extension {
  if (type === 'L') return { path: textAt(content, 0, content.length) };
  if (type === 'K') return { linkpath: textAt(content, 0, content.length) };
  let extension: Extension = {};
  // Records `<length> <key>=<value>\n`, the length counting all of it.
  for (let offset = 0; offset < content.length; ) {
    const blank = content.indexOf(0x20, offset);
    const length = blank === -1 ? Number.NaN : Number(content.toString('latin1', offset, blank));
    if (!(length > blank - offset + 1) || offset + length > content.length) {
      throw new RangeError('The archive has a damaged extension header.');
    }
    const record = content.toString('utf8', blank + 1, offset + length - 1);
    const equals = record.indexOf('=');
    const [key, value] = [record.slice(0, equals), record.slice(equals + 1)];
    if (key === 'path') extension = { ...extension, path: value };
    else if (key === 'linkpath') extension = { ...extension, linkpath: value };
    else if (key === 'size') extension = { ...extension, size: sizeOf(Number(value)) };
    offset += length;
  }
  return extension;
}

function checkSum(header: Buffer): void {
  let sum = 0;
  for (let index = 0; index < BLOCK; index += 1) sum += index >= 148 && index < 156 ? 0x20 : (header[index] ?? 0);
  if (sum !== numberAt(header, 148, 8)) throw new RangeError('It is no tar archive, or a damaged one.');
}

function textAt(bytes: Buffer, start: number, length: number): string {
  const field = bytes.subarray(start, start + length);
  const end = field.indexOf(0);
  return field.toString('utf8', 0, end === -1 ? field.length : end);
}

function pathAt(header: Buffer): string {
  const name = textAt(header, 0, 100);
  // Only ustar has the prefix; GNU keeps times in its place.
  const prefix = header.toString('latin1', 257, 263) === 'ustar\0' ? textAt(header, 345, 155) : '';
  return prefix === '' ? name : `${prefix}/${name}`;
}

/** Octal text, or (GNU) big-endian binary marked by the first bit. */
function numberAt(header: Buffer, start: number, length: number): number {
  if (((header[start] ?? 0) & 0x80) !== 0) return sizeOf(Number(header.readBigUInt64BE(start + length - 8)));
  const text = textAt(header, start, length).trim();
  if (!/^[0-7]*$/.test(text)) throw new RangeError('It is no tar archive, or a damaged one.');
  return text === '' ? 0 : Number.parseInt(text, 8);
}

function sizeOf(value: number): number {
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError('The archive has a damaged size.');
  return value;
}
