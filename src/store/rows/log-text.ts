// SPDX-License-Identifier: Apache-2.0
// What of a text goes into a log, and in which pieces.

const CHUNK_CHARACTERS = 64 * 1024;

/** NUL and halves of surrogate pairs. */
const UNSTORABLE = /[\0\p{Surrogate}]/gu;

/** The text with characters that databases refuse (NUL, halves of a surrogate pair) replaced, which keeps all offsets. */
export function storable(text: string): string {
  return text.replace(UNSTORABLE, '\uFFFD');
}

/**
 * The part that a log of this size still takes. One that reaches its bound gets a last line saying so and then takes nothing more.
 * Characters that databases refuse (NUL, halves of a surrogate pair) are replaced, which keeps all offsets.
 */
export function acceptedText(text: string, size: number, most: number, onCut: () => void): string {
  if (size >= most) {
    return '';
  }
  const isCut = size + text.length > most;
  if (isCut) {
    onCut();
  }
  const kept = isCut ? `${text.slice(0, most - size)}\n[The log is cut here: ${most} characters.]\n` : text;
  return storable(kept);
}

/** Pieces of a bounded size that split no surrogate pair. */
export function* chunksOf(text: string): Generator<string> {
  let start = 0;
  while (start < text.length) {
    let end = Math.min(start + CHUNK_CHARACTERS, text.length);
    const last = text.charCodeAt(end - 1);
    if (end < text.length && last >= 0xd800 && last <= 0xdbff) {
      end -= 1;
    }
    yield text.slice(start, end);
    start = end;
  }
}
