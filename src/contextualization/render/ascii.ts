// SPDX-License-Identifier: Apache-2.0
// Cleans and bounds text that comes from nodes before it enters a log (contextualization.md §13.2: only printable ASCII survives).

/** The text without anything but printable ASCII, tabs and line ends. */
export function printableAscii(text: string): string {
  return text.replace(/[^\x20-\x7e\t\n]/g, '');
}

/**
 * The text with its middle replaced by a visible mark when it is longer than `limit` characters. The result is at most `limit`
 * characters plus the mark.
 *
 * @example cutMiddle('aaaabbbb', 4) // 'aa[... 4 bytes left out ...]bb'
 */
export function cutMiddle(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const head = Math.ceil(limit / 2);
  const tail = limit - head;
  const leftOut = text.length - limit;
  return `${text.slice(0, head)}[... ${leftOut} bytes left out ...]${text.slice(text.length - tail)}`;
}
