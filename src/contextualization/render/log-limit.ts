// SPDX-License-Identifier: Apache-2.0
// Bounds what one process may write into the log of each VM: the beginning as it comes, the end when it ends, a mark between them
// (contextualization.md §13.4).
import type { RenderedChunk } from '../contract.js';

/** Cuts the middle out of what is too long. The same chunks give the same text, however they were interrupted. */
export interface LogLimit {
  /** What of these chunks goes into the log now. */
  take(chunks: readonly RenderedChunk[]): readonly RenderedChunk[];
  /** The ends that were held back, behind their marks. */
  end(): readonly RenderedChunk[];
}

interface VmText {
  written: number;
  /** Texts that were held back, oldest first. */
  readonly held: string[];
  heldLength: number;
  /** Characters that were dropped from the beginning of what was held back. */
  dropped: number;
}

/** @param limit characters for each VM: three quarters for the beginning, the rest for the end */
export function createLogLimit(limit: number): LogLimit {
  const longestTail = Math.floor(limit / 4);
  const longestHead = limit - longestTail;
  const texts = new Map<number, VmText>();

  const hold = (of: VmText, text: string): void => {
    of.held.push(text);
    of.heldLength += text.length;
    for (let [first] = of.held; first !== undefined && of.heldLength - first.length >= longestTail; [first] = of.held) {
      of.held.shift();
      of.heldLength -= first.length;
      of.dropped += first.length;
    }
  };
  const pass = ({ vm, text }: RenderedChunk): readonly RenderedChunk[] => {
    const of = texts.get(vm) ?? { written: 0, held: [], heldLength: 0, dropped: 0 };
    texts.set(vm, of);
    if (of.heldLength === 0 && of.written + text.length <= longestHead) {
      of.written += text.length;
      return [{ vm, text }];
    }
    hold(of, text);
    return [];
  };
  return {
    take: (chunks) => chunks.flatMap(pass),
    end: () =>
      [...texts].flatMap(([vm, { held, heldLength, dropped }]) => {
        if (heldLength === 0) return [];
        const text = held.join('');
        const excess = Math.max(0, text.length - longestTail);
        const leftOut = dropped + excess;
        const mark = leftOut === 0 ? '' : `[... ${leftOut} bytes left out ...]\n`;
        return [{ vm, text: mark + text.slice(excess) }];
      }),
  };
}
