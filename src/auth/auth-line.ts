// SPDX-License-Identifier: Apache-2.0
// One line of the authorization file: `key = value; key = 'quoted value'`, read so that no value is lost.
import type { AuthItem } from '../domain/index.js';

/** A value and the place after it. */
interface Scanned {
  readonly value: string;
  readonly end: number;
  readonly isQuoted: boolean;
}

/** A key may be written in quotes too. */
function keyOf(written: string): string {
  const key = written.trim();
  return /^(['"])(.*)\1$/.exec(key)?.[2]?.trim() ?? key;
}

/** Where the piece that starts at `from` ends: at the next `;` or at the end of the line. */
function pieceEnd(line: string, from: number): number {
  const end = line.indexOf(';', from);
  return end === -1 ? line.length : end;
}

/**
 * A quote counts only at the start of a value and closes at its match, so `it's` needs no care; what follows the closing quote up to
 * the next `;` belongs to the value too.
 */
function scanValue(line: string, from: number): Scanned {
  let start = from;
  while (line[start] === ' ' || line[start] === '\t') start += 1;
  const quote = line[start];
  if (quote === "'" || quote === '"') {
    const close = line.indexOf(quote, start + 1);
    if (close !== -1) {
      const end = pieceEnd(line, close + 1);
      return { value: line.slice(start + 1, close) + line.slice(close + 1, end), end, isQuoted: true };
    }
  }
  const end = pieceEnd(line, from);
  return { value: line.slice(from, end), end, isQuoted: false };
}

/**
 * Reads one line (auth.md §2, with the superset rules at its end): pieces are separated by `;`, each is cut at its first `=`, pieces
 * without `=` or without a value are skipped, the last of equal keys wins, the two characters `\n` in a value stand for a newline. `file(...)` and
 * `command(...)` stay literal: only clients resolve them (auth.md §3).
 */
export function parseAuthLine(line: string): AuthItem {
  const pairs: [string, string][] = [];
  let position = 0;
  while (position < line.length) {
    const end = pieceEnd(line, position);
    const equals = line.indexOf('=', position);
    if (equals === -1 || equals > end) {
      position = end + 1;
      continue;
    }
    const scanned = scanValue(line, equals + 1);
    const value = scanned.value.trim().replaceAll('\\n', '\n');
    // Nothing after the `=` is no value; two quotes are an empty one.
    if (value !== '' || scanned.isQuoted) pairs.push([keyOf(line.slice(position, equals)), value]);
    position = scanned.end + 1;
  }
  return Object.fromEntries(pairs);
}

/** Reads lines; empty ones and comments (`#`) are skipped. */
export function parseAuthLines(lines: readonly string[]): readonly AuthItem[] {
  return lines
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map(parseAuthLine);
}
