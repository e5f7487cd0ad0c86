// SPDX-License-Identifier: Apache-2.0
// Just enough of the tar format (POSIX ustar) to hand small files to a container and to get one back.

const BLOCK = 512;

/** A regular file, owned by root. */
export interface TarFile {
  /** Relative to where the archive is unpacked, at most 100 characters. */
  readonly path: string;
  readonly mode: number;
  readonly content: Buffer;
}

/** An archive of these files; folders are not part of it and are made by whoever unpacks. */
export function createTar(files: readonly TarFile[]): Buffer {
  const parts = files.flatMap((file) => [
    header(file),
    file.content,
    Buffer.alloc((BLOCK - (file.content.length % BLOCK)) % BLOCK),
  ]);
  return Buffer.concat([...parts, Buffer.alloc(2 * BLOCK)]);
}

function header(file: TarFile): Buffer {
  const block = Buffer.alloc(BLOCK);
  block.write(file.path, 0, 100, 'utf8');
  block.write(octal(file.mode, 7), 100);
  block.write(octal(0, 7), 108);
  block.write(octal(0, 7), 116);
  block.write(octal(file.content.length, 11), 124);
  block.write(octal(0, 11), 136);
  block.fill(' ', 148, 156); // The checksum counts its own field as blanks.
  block.write('0', 156);
  block.write('ustar\0' + '00', 257, 'latin1');
  const checksum = block.reduce((sum, byte) => sum + byte, 0);
  block.write(`${octal(checksum, 6)}\0 `, 148, 'latin1');
  return block;
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, '0');
}

/** The content of the first regular file of an archive; undefined when there is none or the archive is cut short. */
export function readFirstFile(archive: Buffer): Buffer | undefined {
  let offset = 0;
  while (offset + BLOCK <= archive.length) {
    const type = archive.toString('latin1', offset + 156, offset + 157);
    const size = Number.parseInt(archive.toString('latin1', offset + 124, offset + 136), 8);
    if (!Number.isFinite(size)) return undefined;
    const start = offset + BLOCK;
    if (type === '0' || type === '\0') {
      return start + size <= archive.length ? archive.subarray(start, start + size) : undefined;
    }
    offset = start + Math.ceil(size / BLOCK) * BLOCK;
  }
  return undefined;
}
