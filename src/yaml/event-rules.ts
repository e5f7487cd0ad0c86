// SPDX-License-Identifier: Apache-2.0
// Rules of PyYAML about the structure of a document that the library does not have.
import { EVENT_ID, type Event } from 'js-yaml';
import { findForbiddenTab } from './tabs.js';
import { YamlError } from './values.js';

const ANCHOR = /^[0-9A-Za-z_-]+$/;
const LONE_END = /^\.\.\.(?:\s|$)/m;

/**
 * Refuses tabs between tokens, anchors with other than letters and digits, the same anchor twice, and an end mark without document.
 *
 * @throws YamlError
 */
export function checkEvents(text: string, events: readonly Event[]): void {
  const tab = findForbiddenTab(text, events);
  if (tab !== undefined) throw new YamlError("found character '\\t' that cannot start any token", placeOf(text, tab));
  if (events.length === 0 && LONE_END.test(text)) throw new YamlError('expected a document before its end');
  const anchors = new Set<string>();
  for (const event of events) {
    if (!('anchorStart' in event) || event.anchorStart < 0) continue;
    const place = () => placeOf(text, event.anchorStart);
    const name = text.slice(event.anchorStart, event.anchorEnd);
    if (!ANCHOR.test(name)) throw new YamlError('an anchor is made of letters, digits, - and _', place());
    if (event.type === EVENT_ID.ALIAS) continue;
    if (anchors.has(name)) throw new YamlError('found a duplicate anchor', place());
    anchors.add(name);
  }
}

/** Line and column of an index, both from 1. */
export function placeOf(text: string, index: number): { line: number; column: number } {
  const before = text.slice(0, index).split('\n');
  return { line: before.length, column: (before.at(-1) ?? '').length + 1 };
}
