// SPDX-License-Identifier: Apache-2.0
// Numbers with units: sizes, times and frequencies (spec tosca 6.3).
import { fault } from './error.js';
import { pythonRepr, pythonText } from './python-text.js';
import { isFraction, isInteger, type Value } from './value.js';

/** The kinds of scalar units. */
export type UnitKind = 'scalar-unit.size' | 'scalar-unit.time' | 'scalar-unit.frequency';

// Order matters: a unit in the wrong case becomes the first one that matches.
const UNITS: Readonly<Record<UnitKind, ReadonlyMap<string, number>>> = {
  'scalar-unit.size': new Map([
    ['B', 1],
    ['kB', 1000],
    ['KiB', 1024],
    ['MB', 1000 ** 2],
    ['MiB', 1024 ** 2],
    ['GB', 1000 ** 3],
    ['GiB', 1024 ** 3],
    ['TB', 1000 ** 4],
    ['TiB', 1024 ** 4],
  ]),
  'scalar-unit.time': new Map([
    ['d', 86_400],
    ['h', 3600],
    ['m', 60],
    ['s', 1],
    ['ms', 1e-3],
    ['us', 1e-6],
    ['ns', 1e-9],
  ]),
  'scalar-unit.frequency': new Map([
    ['Hz', 1],
    ['kHz', 1e3],
    ['MHz', 1e6],
    ['GHz', 1e9],
  ]),
};

const DEFAULT_UNITS: Readonly<Record<UnitKind, string>> = {
  'scalar-unit.size': 'B',
  'scalar-unit.time': 'ms',
  'scalar-unit.frequency': 'GHz',
};

/** A number with a unit that is known. */
export interface ScalarUnit {
  readonly number: number;
  /** The number as Python would print it. */
  readonly numberText: string;
  readonly unit: string;
}

/** Whether the type is one of the scalar units. */
export function isUnitKind(type: string): type is UnitKind {
  return Object.hasOwn(UNITS, type);
}

const MAX_LENGTH = 100;

/**
 * Reads number, blanks and unit at the start of the text; the rest is ignored.
 *
 * @throws ToscaError `"<v>" is not a valid scalar-unit.`, preceded by a problem about the unit when that is unknown
 */
export function parseScalarUnit(kind: UnitKind, value: Value | undefined): ScalarUnit {
  const text = pythonText(value);
  const match = text.length > MAX_LENGTH ? null : /^(\d+(?:\.\d*)?|\.\d+)\s*([A-Za-z]+)/.exec(text);
  const [, written = '', writtenUnit = ''] = match ?? [];
  if (match === null) throw invalid(text);
  const units = UNITS[kind];
  const unit = units.has(writtenUnit)
    ? writtenUnit
    : [...units.keys()].find((known) => known.toLowerCase() === writtenUnit.toLowerCase());
  if (unit === undefined) throw new UnknownUnit(text, writtenUnit, [...units.keys()]);
  return { number: Number(written), numberText: writtenNumber(written), unit };
}

/** `2`, or `2.5` and `2.0` as Python reads and prints them. */
function writtenNumber(written: string): string {
  if (/^\d+$/.test(written)) return String(BigInt(written));
  const number = Number(written);
  return Number.isInteger(number) ? `${number}.0` : String(number);
}

function invalid(text: string): Error {
  return fault('ValueError', `"${text}" is not a valid scalar-unit.`);
}

/** The unit is none of the kind: two findings while validating, the second one when a value is needed. */
export class UnknownUnit extends Error {
  readonly reason: string;
  readonly invalid: Error;

  constructor(text: string, unit: string, known: readonly string[]) {
    super(`"${text}" is not a valid scalar-unit.`);
    this.name = 'UnknownUnit';
    const list = pythonRepr([...known].sort());
    this.reason = `The unit "${unit}" is not valid. Valid units are "${list}".`;
    this.invalid = invalid(text);
  }
}

/**
 * The number in the given unit (default: the one that comparisons use).
 *
 * @throws ToscaError when the value is no scalar unit
 */
export function scalarUnitNumber(kind: UnitKind, value: Value | undefined, unit?: string): number {
  const parsed = parsedOrInvalid(kind, value);
  const target = unit ?? DEFAULT_UNITS[kind];
  const factor = UNITS[kind].get(parsed.unit) ?? 1;
  const divisor = UNITS[kind].get(target) ?? 1;
  return rounded((parsed.number * factor) / divisor);
}

function parsedOrInvalid(kind: UnitKind, value: Value | undefined): ScalarUnit {
  try {
    return parseScalarUnit(kind, value);
  } catch (error) {
    throw error instanceof UnknownUnit ? error.invalid : error;
  }
}

/** Drops the noise of binary fractions, e.g. 1.1 GB = 1100000000.0000002. */
function rounded(value: number): number {
  return Number(value.toPrecision(15));
}

/**
 * Bytes of a size.
 *
 * @throws ToscaError `"<v>" is not a valid scalar-unit.`
 */
export function sizeInBytes(value: Value | undefined): bigint | number {
  const bytes = scalarUnitNumber('scalar-unit.size', value, 'B');
  return Number.isSafeInteger(bytes) ? BigInt(bytes) : bytes;
}

/** Like `sizeInBytes`, also for sizes whose final `B` is missing (`512 Mi`), as containers write them. */
export function looseSizeInBytes(value: Value | undefined): bigint | number {
  const text = pythonText(value);
  return sizeInBytes(isInteger(value) || isFraction(value) || /b$/i.test(text) ? value : `${text}B`);
}
