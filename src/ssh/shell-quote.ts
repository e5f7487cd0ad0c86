// SPDX-License-Identifier: Apache-2.0
// Words for a POSIX shell command line.

/** One word that every POSIX shell reads back as exactly this text. */
export const shellQuote = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;

/** A command line of quoted words. */
export const shellCommand = (...words: readonly string[]): string => words.map(shellQuote).join(' ');
