// SPDX-License-Identifier: Apache-2.0
// Cuts a stream of bytes into lines and knows where in the file each line ends.

/** A complete line without its line end. */
export interface FileLine {
  readonly text: string;
  /** Offset of the byte after the line end. */
  readonly end: number;
}

const LONGEST_LINE = 8 * 1024 * 1024;
const NEW_LINE = 0x0a;

/** Splits what comes in pieces. */
export interface LineSplitter {
  push(chunk: Buffer): readonly FileLine[];
  /** The last line when it has no line end. */
  flush(): readonly FileLine[];
  /** Where the first line that is not complete begins: reading goes on here after an interruption. */
  readonly position: number;
}

/**
 * @param start offset of the first byte that will come
 * @param longestLine a longer line loses its middle, with a mark that tells how much
 */
export function createLineSplitter(start: number, longestLine: number = LONGEST_LINE): LineSplitter {
  let position = start;
  let kept: Buffer[] = [];
  let keptBytes = 0;
  let total = 0;

  const keep = (part: Buffer): void => {
    total += part.length;
    const room = Math.max(0, longestLine - keptBytes);
    if (room > 0) kept.push(Buffer.from(part.subarray(0, room)));
    keptBytes += Math.min(room, part.length);
  };
  const take = (lineEndBytes: number): FileLine => {
    const left = total - keptBytes;
    const text = Buffer.concat(kept).toString('utf8') + (left > 0 ? `[... ${left} bytes left out ...]` : '');
    position += total + lineEndBytes;
    kept = [];
    keptBytes = 0;
    total = 0;
    return { text, end: position };
  };

  return {
    push: (chunk) => {
      const lines: FileLine[] = [];
      let from = 0;
      for (let at = chunk.indexOf(NEW_LINE); at !== -1; at = chunk.indexOf(NEW_LINE, from)) {
        keep(chunk.subarray(from, at));
        lines.push(take(1));
        from = at + 1;
      }
      keep(chunk.subarray(from));
      return lines;
    },
    flush: () => (total === 0 ? [] : [take(0)]),
    get position() {
      return position;
    },
  };
}
