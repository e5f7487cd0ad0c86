// SPDX-License-Identifier: Apache-2.0
// What golden suites share: the shape of a case, which expectation counts, and how results are compared.
import { isDeepStrictEqual } from 'node:util';

/** An expected failure. */
export interface ExpectedError {
  readonly message: string;
  readonly match: 'exact' | 'prefix' | 'regex' | 'any';
  readonly prefix?: string;
  readonly regex?: string;
}

/** One case of a corpus; further fields belong to its suite. */
export interface GoldenCase {
  readonly id: string;
  /** Empty or absent operations fail in their suite. */
  readonly op: string;
  readonly input?: string;
  readonly input2?: string;
  readonly args?: Readonly<Record<string, unknown>>;
  readonly expect?: unknown;
  readonly error?: ExpectedError;
  readonly expect_ours?: unknown;
  readonly error_ours?: ExpectedError;
  /** A difference is reported but is no failure. */
  readonly optional?: boolean;
}

/** Runs the cases of one corpus. */
export interface GoldenSuite {
  /** What differs, or undefined when the case passes; `file` is where the case comes from. */
  run(golden: GoldenCase, file: string): Promise<string | undefined> | string | undefined;
}

/** What a case must give: ours before the reference's. */
export type Expectation =
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'error'; readonly error: ExpectedError };

/** The expectation that counts for a case. */
export function expectationOf(golden: GoldenCase): Expectation {
  if (golden.expect_ours !== undefined) return { kind: 'value', value: golden.expect_ours };
  if (golden.error_ours !== undefined) return { kind: 'error', error: golden.error_ours };
  if (golden.error !== undefined) return { kind: 'error', error: golden.error };
  return { kind: 'value', value: golden.expect };
}

/** Whether a line of a corpus is a case. */
export function isGoldenCase(value: unknown): value is GoldenCase {
  return isRecord(value) && typeof value.id === 'string';
}

/** Whether a recorded value describes a failure. */
export function isExpectedError(value: unknown): value is ExpectedError {
  return isRecord(value) && typeof value.message === 'string' && typeof value.match === 'string';
}

/** Whether an error text is the expected one. */
export function matchesError(text: string, expected: ExpectedError): boolean {
  switch (expected.match) {
    case 'any':
      return true;
    case 'prefix':
      return text.startsWith(expected.prefix ?? expected.message);
    case 'regex':
      return new RegExp(expected.regex ?? '').test(text);
    case 'exact':
      return text === expected.message;
  }
}

/** The first difference between two JSON values, with its path; key order does not count, numbers compare by value. */
export function difference(actual: unknown, expected: unknown, path = 'result'): string | undefined {
  if (isDeepStrictEqual(actual, expected)) return undefined;
  if (Array.isArray(actual) && Array.isArray(expected)) {
    if (actual.length !== expected.length) return shown(actual, expected, path);
    return firstOf(actual.map((item, index) => difference(item, expected[index], `${path}[${index}]`)));
  }
  if (isRecord(actual) && isRecord(expected)) {
    const keys = new Set([...Object.keys(actual), ...Object.keys(expected)]);
    return firstOf([...keys].map((key) => difference(actual[key], expected[key], `${path}.${key}`)));
  }
  return Object.is(actual, -0) && expected === 0 ? undefined : shown(actual, expected, path);
}

function firstOf(differences: readonly (string | undefined)[]): string | undefined {
  return differences.find((text) => text !== undefined);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const LONGEST_SHOWN = 600;

function shown(actual: unknown, expected: unknown, path: string): string {
  const text = (value: unknown) => (JSON.stringify(value) ?? 'undefined').slice(0, LONGEST_SHOWN);
  return `${path} is ${text(actual)}, expected ${text(expected)}`;
}
