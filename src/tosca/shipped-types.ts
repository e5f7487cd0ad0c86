// SPDX-License-Identifier: Apache-2.0
// The types that come with the daemon, and the files parsed so far: each text is parsed once.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readYaml } from './read-yaml.js';
import type { TypeTable } from './type-catalog.js';
import { asMap, isMap, namedEntries, type ValueMap } from './value.js';

/** Sections of a file that define types. Artifact types are free text: nothing is read of them. */
const TYPE_SECTIONS = [
  'node_types',
  'capability_types',
  'relationship_types',
  'data_types',
  'interface_types',
  'policy_types',
  'group_types',
] as const;

/** Where the public type files live; the shipped file answers for them. */
const WELL_KNOWN = [
  /^https:\/\/raw\.githubusercontent\.com\/grycap\/(?:tosca|ec3)\/(?:refs\/(?:heads|tags)\/)?[\w.-]+\/(?:tosca\/)?custom_types\.ya?ml$/,
  /^https:\/\/raw\.githubusercontent\.com\/indigo-dc\/tosca-types\/(?:refs\/(?:heads|tags)\/)?[\w.-]+\/custom_types\.ya?ml$/,
];

const MAX_PARSED_FILES = 32;
const LONGEST_KEPT = 400_000;

/** The texts of the shipped files. */
export interface ShippedTexts {
  readonly normative: string;
  readonly custom: string;
  /** Ask the network first and use the shipped file when that fails (default: the shipped file answers). */
  readonly preferRemote?: boolean;
}

/** Shipped types, and the cache of parsed type files. One for the life of the daemon. */
export class ShippedTypes {
  /** Types of every document. */
  readonly normative: TypeTable;
  readonly preferRemote: boolean;
  readonly #custom: string;
  readonly #parsed = new Map<string, ValueMap>();

  constructor({ normative, custom, preferRemote = false }: ShippedTexts) {
    const table = asMap(readYaml(normative));
    this.normative = typesOf(table);
    this.#custom = custom;
    this.preferRemote = preferRemote;
  }

  /** The shipped text that answers for a well-known URL. */
  answerFor(url: string): string | undefined {
    return WELL_KNOWN.some((pattern) => pattern.test(url)) ? this.#custom : undefined;
  }

  /** Whether the text is that of the shipped file. */
  isShipped(text: string): boolean {
    return text === this.#custom;
  }

  /** The shipped custom types as text. */
  get customText(): string {
    return this.#custom;
  }

  /** The file as a mapping, undefined when it is none. @throws ToscaError when the text is no YAML */
  parse(text: string): ValueMap | undefined {
    const known = this.#parsed.get(text);
    if (known !== undefined) {
      // Moves it to the end: the files that are least used are dropped first.
      this.#parsed.delete(text);
      this.#parsed.set(text, known);
      return known;
    }
    const value = readYaml(text);
    if (!isMap(value)) return undefined;
    if (text.length > LONGEST_KEPT) return value;
    this.#parsed.set(text, value);
    const [oldest] = this.#parsed.keys();
    if (this.#parsed.size > MAX_PARSED_FILES && oldest !== undefined) this.#parsed.delete(oldest);
    return value;
  }
}

/** All types that a file or document defines, by name. */
export function typesOf(file: ValueMap): TypeTable {
  const table = new Map<string, ValueMap>();
  for (const section of TYPE_SECTIONS) {
    for (const [name, body] of namedEntries(asMap(file.get(section)))) table.set(name, asMap(body));
  }
  return table;
}

/** Reads the shipped files from their folder (`tosca/types` of the installation). */
export function readShippedTypes(folder: string, options: Pick<ShippedTexts, 'preferRemote'> = {}): ShippedTypes {
  const read = (name: string): string => readFileSync(join(folder, name), 'utf8');
  return new ShippedTypes({
    normative: read('normative_types.yaml'),
    custom: read('im_custom_types.yaml'),
    ...options,
  });
}
