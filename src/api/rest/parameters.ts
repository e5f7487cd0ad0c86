// SPDX-License-Identifier: Apache-2.0
// Query parameters of routes as data: what they are called, what they default to, how they are read (rest-api.md §7).
import { pythonRepr } from '../../util/python-repr.js';
import { RestProblem } from './problem.js';

/** One query parameter: its reader, and what the API description says about it. */
export interface Parameter<V> {
  readonly name: string;
  readonly description: string;
  readonly schema: Readonly<Record<string, string | number | boolean>>;
  readonly isRequired: boolean;
  /**
   * Its value in a query; given twice, the last one counts.
   * @throws RestProblem 400
   */
  read(query: URLSearchParams): V;
}

const TRUE_WORDS = ['yes', 'true', '1', 'y', 't', 'on'];
const FALSE_WORDS = ['no', 'false', '0', 'n', 'f', 'off'];

const lastOf = (query: URLSearchParams, name: string): string | undefined => query.getAll(name).at(-1);

function badValue(name: string, value: string, allowed: string, type: string): RestProblem {
  const shown = value.length > 100 ? `${value.slice(0, 100)}...` : value;
  const message = `Incorrect value in ${name} parameter: ${pythonRepr(shown)}. Allowed: ${allowed}.`;
  return new RestProblem(400, message, { detail: [{ type, loc: ['query', name], msg: message, input: shown }] });
}

/** A switch, in any of the words that the references take. An empty value is an error. */
export function flag(name: string, defaultValue: boolean, description: string): Parameter<boolean> {
  return {
    name,
    description,
    schema: { type: 'boolean', default: defaultValue },
    isRequired: false,
    read: (query) => {
      const value = lastOf(query, name);
      const word = value?.toLowerCase();
      if (value === undefined || word === undefined) return defaultValue;
      if (TRUE_WORDS.includes(word)) return true;
      if (FALSE_WORDS.includes(word)) return false;
      throw badValue(name, value, [...TRUE_WORDS, ...FALSE_WORDS].join(', '), 'bool_parsing');
    },
  };
}

/** A whole number. */
export function integer(name: string, defaultValue: number, description: string): Parameter<number> {
  return {
    name,
    description,
    schema: { type: 'integer', minimum: -999_999_999, maximum: 999_999_999, default: defaultValue },
    isRequired: false,
    read: (query) => {
      const value = lastOf(query, name);
      if (value === undefined) return defaultValue;
      if (/^\s*[+-]?\d{1,9}\s*$/.test(value)) return Number(value);
      throw badValue(name, value, 'a whole number', 'int_parsing');
    },
  };
}

/** A whole number of at least 1; undefined when not given. */
export function count(name: string, largest: number, description: string): Parameter<number | undefined> {
  return {
    name,
    description,
    schema: { type: 'integer', minimum: 1, maximum: largest },
    isRequired: false,
    read: (query) => {
      const value = lastOf(query, name);
      if (value === undefined) return undefined;
      const number = /^\d{1,9}$/.test(value) ? Number(value) : 0;
      if (number >= 1 && number <= largest) return number;
      throw badValue(name, value, `a whole number from 1 to ${largest}`, 'int_parsing');
    },
  };
}

/**
 * Text with a syntax of its own; an empty one counts as not given.
 * @param pattern regular expression that all good values match, for the description of the API
 */
export function parsed<V>(
  name: string,
  description: string,
  parse: (value: string) => V,
  pattern?: string,
): Parameter<V | undefined> {
  return {
    name,
    description,
    schema: { type: 'string', ...(pattern !== undefined && { pattern }) },
    isRequired: false,
    read: (query) => {
      const value = lastOf(query, name);
      return value === undefined || value === '' ? undefined : parse(value);
    },
  };
}

/** Free text; an empty one counts as not given. */
export function text(name: string, description: string): Parameter<string | undefined> {
  return parsed(name, description, (value) => value);
}

/** Text that must be given. */
export function requiredText(name: string, description: string): Parameter<string> {
  return {
    name,
    description,
    schema: { type: 'string', minLength: 1 },
    isRequired: true,
    read: (query) => {
      const value = lastOf(query, name);
      if (value !== undefined && value !== '') return value;
      throw new RestProblem(400, `Parameter ${name} required.`, {
        detail: [{ type: 'missing', loc: ['query', name], msg: 'Field required', input: null }],
      });
    },
  };
}
