// SPDX-License-Identifier: Apache-2.0
// Blanks what is not code in TypeScript source (comments, templates, regular expressions), so that patterns can be
// trusted to find statements. Line breaks stay, so positions and line numbers keep their meaning.

const BEFORE_REGEX =
  /(?:^|[(,=:[!&|?{};+\-*%<>~^]|\b(?:return|typeof|case|in|of|void|delete|throw|new|await|else|do))\s*$/;

const blank = (text: string): string => text.replace(/[^\n]/g, ' ');

function endOfString(source: string, start: number): number {
  const quote = source[start];
  for (let at = start + 1; at < source.length; at += 1) {
    if (source[at] === '\\') at += 1;
    else if (source[at] === quote) return at + 1;
    else if (source[at] === '\n') return at;
  }
  return source.length;
}

/** End of a template literal; code inside `${}` is skipped as well, imports do not hide there. */
function endOfTemplate(source: string, start: number): number {
  for (let at = start + 1; at < source.length; at += 1) {
    if (source[at] === '\\') at += 1;
    else if (source[at] === '`') return at + 1;
    else if (source.startsWith('${', at)) at = endOfPlaceholder(source, at + 2) - 1;
  }
  return source.length;
}

function endOfPlaceholder(source: string, start: number): number {
  let depth = 1;
  let at = start;
  while (at < source.length && depth > 0) {
    const character = source[at];
    if (character === '`') at = endOfTemplate(source, at);
    else if (character === "'" || character === '"') at = endOfString(source, at);
    else {
      if (character === '{') depth += 1;
      if (character === '}') depth -= 1;
      at += 1;
    }
  }
  return at;
}

function endOfRegex(source: string, start: number): number {
  let inClass = false;
  for (let at = start + 1; at < source.length && source[at] !== '\n'; at += 1) {
    if (source[at] === '\\') at += 1;
    else if (source[at] === '[') inClass = true;
    else if (source[at] === ']') inClass = false;
    else if (source[at] === '/' && !inClass) return at + 1;
  }
  return start + 1;
}

/** The source with everything but code and plain strings turned into blanks. */
export function codeText(source: string): string {
  let code = '';
  let at = 0;
  const skip = (end: number): void => {
    code += blank(source.slice(at, end));
    at = end;
  };
  while (at < source.length) {
    const character = source[at];
    if (source.startsWith('//', at)) {
      const end = source.indexOf('\n', at);
      skip(end < 0 ? source.length : end);
    } else if (source.startsWith('/*', at)) {
      const end = source.indexOf('*/', at + 2);
      skip(end < 0 ? source.length : end + 2);
    } else if (character === '`') {
      // Placeholders may read the environment, so a template keeps the code inside them.
      const end = endOfTemplate(source, at);
      const template = source.slice(at, end);
      code += /\bprocess\s*\.\s*env\b/.test(template) ? template.replaceAll('`', ' ') : blank(template);
      at = end;
    } else if (character === '/' && BEFORE_REGEX.test(code.slice(-40))) {
      skip(endOfRegex(source, at));
    } else if (character === "'" || character === '"') {
      const end = endOfString(source, at);
      code += source.slice(at, end);
      at = end;
    } else {
      code += character;
      at += 1;
    }
  }
  return code;
}
