// SPDX-License-Identifier: Apache-2.0
// Cutting characters off the ends of texts that come from outside. A pattern such as /\/+$/ takes time that grows with the square of
// the length for texts that are made for it; these take one look.

/** The text without any of this character at its end. */
export function trimEndOf(text: string, character: string): string {
  let end = text.length;
  while (end > 0 && text[end - 1] === character) end -= 1;
  return text.slice(0, end);
}

/** The text without any of this character at its beginning and end. */
export function trimBothOf(text: string, character: string): string {
  const shorter = trimEndOf(text, character);
  let start = 0;
  while (start < shorter.length && shorter[start] === character) start += 1;
  return shorter.slice(start);
}
