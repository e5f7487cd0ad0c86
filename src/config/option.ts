// SPDX-License-Identifier: Apache-2.0
// What one configuration option is, and the builders of the few kinds of option that exist.

/** The two sections of im.cfg that mean something (configuration.md §1.2). */
export type Section = 'im' | 'OpenNebula';

/** What a default may depend on besides the option itself. */
export interface DefaultContext {
  /** Directory in which the program is installed: `IM_PATH` when that is set. */
  readonly installDir: string;
  readonly hostName: string;
  /** Effective CONTEXTUALIZATION_DIR. */
  readonly contextualizationDir: string;
  /** Effective DATA_DB. */
  readonly databaseUrl: string;
}

/** The value of an option that nobody sets: fixed, or computed with a phrase that says how. */
export type OptionDefault<V> =
  | { readonly kind: 'fixed'; readonly value: V }
  | { readonly kind: 'derived'; readonly says: string; readonly derive: (context: DefaultContext) => V };

/** How the shipped im.cfg shows an option: switched on, or as a commented example. */
export interface ShippedLine {
  readonly text: string;
  readonly active: boolean;
}

/** The kinds of value, as the documentation names them. */
export type OptionType = 'string' | 'integer' | 'boolean' | 'list' | 'choice' | 'JSON';

/** One option, declared once: parser, default, help and documentation all read this. */
export interface OptionDefinition<V> {
  /** Canonical name in im.cfg, with the historic misspelling where there is one. */
  readonly name: string;
  /** Other accepted names. */
  readonly aliases: readonly string[];
  readonly section: Section;
  readonly type: OptionType;
  /** Allowed words of a choice. */
  readonly choices: readonly string[];
  /** Unit of the number, or form of the text. */
  readonly unit: string | undefined;
  readonly help: string;
  /** Never shown: neither printed nor quoted in an error. */
  readonly isSecret: boolean;
  readonly default: OptionDefault<V>;
  /** An empty value stands for the default instead of for itself. */
  readonly emptyMeansDefault: boolean;
  readonly shipped: ShippedLine | undefined;
  /**
   * Reads the text of a file or an environment variable.
   * @throws ValueError saying what the value must be.
   */
  parse(text: string): V;
  /** The text that {@link parse} would read back as this value. */
  format(value: V): string;
}

/** A value that an option cannot take; the message continues the sentence "Option X must be ...". */
export class ValueError extends Error {
  override readonly name = 'ValueError';
}

/** What every builder takes. */
interface CommonSpec<V> {
  readonly name: string;
  readonly help: string;
  readonly aliases?: readonly string[];
  readonly section?: Section;
  readonly unit?: string;
  readonly isSecret?: boolean;
  readonly shipped?: ShippedLine;
  readonly default: V | Derived<V>;
  readonly emptyMeansDefault?: boolean;
}

/** A default that is computed; made by {@link derived}. */
class Derived<V> {
  readonly says: string;
  readonly derive: (context: DefaultContext) => V;

  constructor(says: string, derive: (context: DefaultContext) => V) {
    this.says = says;
    this.derive = derive;
  }
}

/** A default that is computed from the context; `says` tells the reader how. */
export function derived<V>(says: string, derive: (context: DefaultContext) => V): Derived<V> {
  return new Derived(says, derive);
}

/** The line of the shipped im.cfg that switches the option on. */
export const active = (text: string): ShippedLine => ({ text, active: true });

/** The commented line of the shipped im.cfg that shows how to use the option. */
export const example = (text: string): ShippedLine => ({ text, active: false });

type Codec<V> = Pick<OptionDefinition<V>, 'type' | 'parse' | 'format'> & { readonly choices?: readonly string[] };

function define<V>(spec: CommonSpec<V>, codec: Codec<V>): OptionDefinition<V> {
  return {
    name: spec.name,
    aliases: spec.aliases ?? [],
    section: spec.section ?? 'im',
    unit: spec.unit,
    help: spec.help,
    isSecret: spec.isSecret ?? false,
    default:
      spec.default instanceof Derived
        ? { kind: 'derived', says: spec.default.says, derive: spec.default.derive }
        : { kind: 'fixed', value: spec.default },
    emptyMeansDefault: spec.emptyMeansDefault ?? false,
    shipped: spec.shipped,
    choices: codec.choices ?? [],
    type: codec.type,
    parse: codec.parse,
    format: codec.format,
  };
}

/** Free text. An empty text means "not set" (§1.3), or the default where the option cannot do without a value. */
export function text(spec: CommonSpec<string>): OptionDefinition<string> {
  return define(spec, { type: 'string', parse: (value) => value, format: (value) => value });
}

/** A whole decimal number within bounds. */
export function integer(
  spec: CommonSpec<number> & { readonly min?: number; readonly max?: number },
): OptionDefinition<number> {
  const min = spec.min ?? Number.MIN_SAFE_INTEGER;
  const max = spec.max ?? Number.MAX_SAFE_INTEGER;
  const range =
    spec.max !== undefined ? ` from ${min} to ${max}` : spec.min !== undefined ? ` not smaller than ${min}` : '';
  return define(spec, {
    type: 'integer',
    parse: (value) => {
      const number = /^[+-]?\d+$/.test(value) ? Number(value) : Number.NaN;
      if (!Number.isSafeInteger(number) || number < min || number > max) {
        throw new ValueError(`a whole number${range}`);
      }
      return number;
    },
    format: String,
  });
}

const TRUE_WORDS = ['1', 'yes', 'true', 'on'];
const FALSE_WORDS = ['0', 'no', 'false', 'off'];

/** A switch, in the words of Python's ConfigParser. */
export function boolean(spec: CommonSpec<boolean>): OptionDefinition<boolean> {
  return define(spec, {
    type: 'boolean',
    parse: (value) => {
      const word = value.toLowerCase();
      if (TRUE_WORDS.includes(word)) return true;
      if (FALSE_WORDS.includes(word)) return false;
      throw new ValueError(`one of ${[...TRUE_WORDS, ...FALSE_WORDS].join(', ')}`);
    },
    format: (value) => (value ? 'True' : 'False'),
  });
}

/** The pieces between the commas, trimmed, without empty ones (the reference keeps those: its bug, §8). */
export function splitList(value: string): readonly string[] {
  return value
    .split(',')
    .map((piece) => piece.trim())
    .filter((piece) => piece !== '');
}

/** Texts separated by commas. */
export function list(spec: CommonSpec<readonly string[]>): OptionDefinition<readonly string[]> {
  return define(spec, { type: 'list', parse: splitList, format: (values) => values.join(', ') });
}

/** One of a few words, in any case; `read` may add other spellings. */
export function choice<W extends string>(
  spec: CommonSpec<W> & { readonly words: readonly W[]; readonly read?: (value: string) => W | undefined },
): OptionDefinition<W> {
  return define(spec, {
    type: 'choice',
    choices: spec.words,
    parse: (value) => {
      const word =
        spec.words.find((candidate) => candidate.toLowerCase() === value.toLowerCase()) ?? spec.read?.(value);
      if (word === undefined) throw new ValueError(`one of ${spec.words.join(', ')}`);
      return word;
    },
    format: (value) => value,
  });
}

/** A value with a syntax of its own. `must` completes "Option X must be ..."; `read` answers undefined when it is not. */
export function structured<V>(
  spec: CommonSpec<V> & {
    readonly type: 'JSON' | 'list' | 'string';
    readonly must: string;
    readonly read: (value: string) => V | undefined;
    readonly format: (value: V) => string;
  },
): OptionDefinition<V> {
  return define(spec, {
    type: spec.type,
    parse: (value) => {
      const parsed = spec.read(value);
      if (parsed === undefined) throw new ValueError(spec.must);
      return parsed;
    },
    format: spec.format,
  });
}

/** Parses JSON; undefined when the text is not JSON. */
export function tryJson(value: string): unknown {
  try {
    return JSON.parse(value);
  } catch {
    return undefined;
  }
}
