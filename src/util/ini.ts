// SPDX-License-Identifier: Apache-2.0
// Reads INI text by the rules of Python's ConfigParser: im.cfg (configuration.md §1.2) and logging.conf (§5).

/** One option as written in a file, after joining continuation lines and before interpolation. */
export interface IniEntry {
  readonly section: string;
  /** In upper case: names are case-insensitive. */
  readonly name: string;
  readonly value: string;
  /** Line of the name, counted from 1. */
  readonly line: number;
}

/** Something in the file that a person should know, with its line. */
export interface IniRemark {
  readonly line: number;
  readonly message: string;
}

/** What a file holds. With `errors` the entries are not to be trusted. */
export interface IniDocument {
  /** Later entries override earlier ones of the same section and name. */
  readonly entries: readonly IniEntry[];
  readonly warnings: readonly IniRemark[];
  readonly errors: readonly IniRemark[];
}

interface OpenEntry {
  readonly section: string;
  readonly name: string;
  readonly line: number;
  readonly indent: number;
  readonly parts: string[];
}

const isComment = (trimmed: string): boolean => trimmed.startsWith('#') || trimmed.startsWith(';');

const indentOf = (line: string): number => line.length - line.trimStart().length;

/** Name and value around the first `=` or `:`. */
function splitAtDelimiter(trimmed: string): { readonly name: string; readonly value: string } | undefined {
  const cut = trimmed.search(/[=:]/);
  const name = trimmed.slice(0, cut).trim();
  if (cut < 0 || name === '') return undefined;
  return { name: name.toUpperCase(), value: trimmed.slice(cut + 1).trim() };
}

/**
 * Reads the text of an INI file. Where ConfigParser gives up (an option or section given twice) this warns and lets the
 * last one win; a line that is neither section, option nor continuation is an error.
 */
export function parseIni(text: string): IniDocument {
  const entries: IniEntry[] = [];
  const warnings: IniRemark[] = [];
  const errors: IniRemark[] = [];
  const seen = new Map<string, number>();
  let section: string | undefined;
  let open: OpenEntry | undefined;

  const close = (): void => {
    if (!open) return;
    entries.push({ section: open.section, name: open.name, value: open.parts.join('\n').trimEnd(), line: open.line });
    open = undefined;
  };

  /** Remembers where a section or option was given and warns when that is for the second time. */
  const noteFirst = (key: string, shown: string, line: number): void => {
    const before = seen.get(key);
    if (before !== undefined) {
      warnings.push({ line, message: `${shown} is given again (first in line ${before}); the last value counts` });
    }
    seen.set(key, line);
  };

  text
    .replace(/^\uFEFF/, '')
    .split(/\r\n|\r|\n/)
    .forEach((raw, index) => {
      const line = index + 1;
      const trimmed = raw.trim();
      if (isComment(trimmed)) return;
      if (trimmed === '') {
        open?.parts.push('');
        return;
      }
      if (open && indentOf(raw) > open.indent) {
        open.parts.push(trimmed);
        return;
      }
      close();
      const header = /^\[([^\]]+)\]/.exec(trimmed)?.[1];
      if (header !== undefined) {
        section = header;
        noteFirst(`[${header}]`, `Section [${header}]`, line);
        return;
      }
      const option = splitAtDelimiter(trimmed);
      if (!option) {
        // The line may be half of a secret, so it is not quoted.
        errors.push({ line, message: 'the line is neither a section, nor NAME = value, nor an indented continuation' });
      } else if (section === undefined) {
        errors.push({ line, message: `option ${option.name} stands before any section; put [im] above it` });
      } else {
        noteFirst(`${section}\n${option.name}`, `Option ${option.name} in section [${section}]`, line);
        open = { section, name: option.name, line, indent: indentOf(raw), parts: [option.value] };
      }
    });
  close();
  return { entries, warnings, errors };
}
