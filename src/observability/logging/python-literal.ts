// SPDX-License-Identifier: Apache-2.0
// Reads the Python literals that logging.conf uses for the arguments of its handlers: texts, numbers, tuples, names.

/** A value of a literal. A name such as `sys.stdout` is kept as a name: nothing is ever evaluated. */
export type PythonValue =
  | string
  | number
  | boolean
  | null
  | { readonly name: string }
  | readonly PythonValue[]
  | ReadonlyMap<string, PythonValue>;

const DEEPEST = 8;

const TOKEN = /\s*(?:([([{)\]},:])|'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|([+-]?\d+(?:\.\d+)?)|([A-Za-z_][\w.]*))/y;

type Token = { readonly kind: 'mark'; readonly text: string } | { readonly kind: 'value'; readonly value: PythonValue };

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['n', '\n'],
  ['t', '\t'],
  ['r', '\r'],
  ['0', '\0'],
]);

const readEscapes = (text: string): string =>
  text.replace(/\\(.)/gs, (_, letter: string) => ESCAPES.get(letter) ?? letter);

const NAMES: ReadonlyMap<string, PythonValue> = new Map<string, PythonValue>([
  ['None', null],
  ['True', true],
  ['False', false],
]);

function constantOrName(name: string): PythonValue {
  const constant = NAMES.get(name);
  return constant === undefined ? { name } : constant;
}

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  const trimmed = text.trim();
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < trimmed.length) {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(trimmed);
    if (!match) throw new SyntaxError(`${JSON.stringify(trimmed)} is not understood at character ${at + 1}.`);
    const [, mark, single, double, number, name] = match;
    if (mark !== undefined) tokens.push({ kind: 'mark', text: mark });
    else if (single !== undefined) tokens.push({ kind: 'value', value: readEscapes(single) });
    else if (double !== undefined) tokens.push({ kind: 'value', value: readEscapes(double) });
    else if (number !== undefined) tokens.push({ kind: 'value', value: Number(number) });
    else if (name !== undefined) tokens.push({ kind: 'value', value: constantOrName(name) });
  }
  return tokens;
}

/**
 * Reads one literal. A pair of parentheses is a tuple only with a comma in it, as in Python.
 * @throws SyntaxError for anything else than literals and names.
 */
export function parsePythonLiteral(text: string): PythonValue {
  const tokens = tokensOf(text);
  const wrong = (): SyntaxError =>
    new SyntaxError(`${JSON.stringify(text.trim())} is not a literal that is understood.`);
  let at = 0;

  const isMark = (mark: string): boolean => {
    const token = tokens[at];
    return token?.kind === 'mark' && token.text === mark;
  };
  const take = (mark: string): void => {
    if (!isMark(mark)) throw wrong();
    at += 1;
  };

  const readValue = (depth: number): PythonValue => {
    const token = tokens[at];
    if (!token || depth > DEEPEST) throw wrong();
    at += 1;
    if (token.kind === 'value') return token.value;
    if (token.text === '(') return readTuple(depth);
    if (token.text === '[') return readItems(']', depth).items;
    if (token.text === '{') return readMap(depth);
    throw wrong();
  };

  const readItems = (end: string, depth: number): { readonly items: PythonValue[]; readonly hasComma: boolean } => {
    const items: PythonValue[] = [];
    let hasComma = false;
    while (!isMark(end)) {
      items.push(readValue(depth + 1));
      if (isMark(end)) break;
      take(',');
      hasComma = true;
    }
    take(end);
    return { items, hasComma };
  };

  const readTuple = (depth: number): PythonValue => {
    const { items, hasComma } = readItems(')', depth);
    const [only] = items;
    return items.length === 1 && !hasComma && only !== undefined ? only : items;
  };

  const readMap = (depth: number): PythonValue => {
    const map = new Map<string, PythonValue>();
    while (!isMark('}')) {
      const key = readValue(depth + 1);
      if (typeof key !== 'string') throw wrong();
      take(':');
      map.set(key, readValue(depth + 1));
      if (isMark('}')) break;
      take(',');
    }
    take('}');
    return map;
  };

  const value = readValue(0);
  if (at < tokens.length) throw wrong();
  return value;
}
