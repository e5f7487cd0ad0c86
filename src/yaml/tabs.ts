// SPDX-License-Identifier: Apache-2.0
// Finds tabs where PyYAML allows none: anywhere but in quoted and block texts and comments.
import { EVENT_ID, type Event, SCALAR_STYLE } from 'js-yaml';

/** The index of the first forbidden tab. */
export function findForbiddenTab(text: string, events: readonly Event[]): number | undefined {
  if (!text.includes('\t')) return undefined;
  let from = 0;
  for (const event of events) {
    if (event.type !== EVENT_ID.SCALAR || event.style === SCALAR_STYLE.PLAIN) continue;
    const tab = tabBetween(text, from, event.valueStart);
    if (tab !== undefined) return tab;
    from = Math.max(from, event.valueEnd);
  }
  return tabBetween(text, from, text.length);
}

/** A tab outside comments; a comment begins with `#` after a blank or at the start of a line. */
function tabBetween(text: string, from: number, to: number): number | undefined {
  for (let index = from; index < to; index++) {
    const character = text.charAt(index);
    if (character === '\t') return index;
    if (character !== '#') continue;
    if (index > 0 && !/[ \t\r\n]/.test(text.charAt(index - 1))) continue;
    const end = text.indexOf('\n', index);
    index = end === -1 ? to : end;
  }
  return undefined;
}
