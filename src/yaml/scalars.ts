// SPDX-License-Identifier: Apache-2.0
// The scalars of YAML 1.1 exactly as PyYAML resolves them: no `y`/`n` booleans, no `1e3` fractions, checked dates.
import { defineScalarTag, NOT_RESOLVED, type ScalarTagDefinition } from 'js-yaml';
import { YamlDate, YamlFloat } from './values.js';

const BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ['yes', true],
  ['true', true],
  ['on', true],
  ['no', false],
  ['false', false],
  ['off', false],
]);
const IMPLICIT_BOOLEAN = /^(?:yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)$/;
const INTEGER = /^[-+]?(?:0b[0-1_]+|0[0-7_]+|0|[1-9][0-9_]*|0x[0-9a-fA-F_]+|[1-9][0-9_]*(?::[0-5]?[0-9])+)$/;
const FLOAT =
  /^(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/;
const EXPLICIT_FLOAT = /^[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[-+]?[0-9]+)?$/;
const TIMESTAMP =
  /^([0-9]{4})-([0-9]{2})-([0-9]{2})$|^([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})(?:[Tt]|[ \t]+)([0-9]{1,2}):([0-9]{2}):([0-9]{2})(?:\.[0-9]*)?(?:[ \t]*(?:Z|[-+][0-9]{1,2}(?::[0-9]{2})?))?$/;
const LONGEST_NUMBER = 4300;

/** How the numbers and dates of a document come out. */
export interface ScalarForms {
  /** Keep what JavaScript cannot express: integral fractions as `YamlFloat`, dates as `YamlDate`. */
  readonly exact: boolean;
}

function isNever(): boolean {
  return false;
}

/** The scalar tags that differ from those of the YAML library. For loading only. */
export function scalarTags({ exact }: ScalarForms): ScalarTagDefinition[] {
  return [
    defineScalarTag('tag:yaml.org,2002:null', {
      implicit: true,
      identify: isNever,
      resolve: (text, isExplicit) => (isExplicit || /^(?:~|null|Null|NULL|)$/.test(text) ? null : NOT_RESOLVED),
    }),
    defineScalarTag('tag:yaml.org,2002:bool', {
      implicit: true,
      identify: isNever,
      resolve: (text, isExplicit) =>
        (isExplicit || IMPLICIT_BOOLEAN.test(text) ? BOOLEANS.get(text.toLowerCase()) : undefined) ?? NOT_RESOLVED,
    }),
    defineScalarTag('tag:yaml.org,2002:int', {
      implicit: true,
      identify: isNever,
      resolve: (text) => (INTEGER.test(text) ? (integerOf(text) ?? NOT_RESOLVED) : NOT_RESOLVED),
    }),
    defineScalarTag('tag:yaml.org,2002:float', {
      implicit: true,
      identify: isNever,
      resolve: (text, isExplicit) => {
        if (!FLOAT.test(text) && !isExplicit) return NOT_RESOLVED;
        const value = floatOf(text);
        if (value === undefined) return NOT_RESOLVED;
        return exact && Number.isInteger(value) ? new YamlFloat(value) : value;
      },
    }),
    defineScalarTag('tag:yaml.org,2002:timestamp', {
      implicit: true,
      identify: isNever,
      resolve: (text, isExplicit) => {
        const match = TIMESTAMP.exec(text);
        if (match === null) return NOT_RESOLVED;
        if (!isDate(match)) throw new RangeError(`the date does not exist`);
        return exact && !isExplicit ? new YamlDate(text) : text;
      },
    }),
    defineScalarTag('tag:yaml.org,2002:value', {
      implicit: true,
      implicitFirstChars: ['='],
      identify: isNever,
      resolve: (text) => {
        if (text === '=')
          throw new RangeError("could not determine a constructor for the tag 'tag:yaml.org,2002:value'");
        return NOT_RESOLVED;
      },
    }),
  ];
}

/** The integer in any of the notations of YAML 1.1; a `bigint` beyond 2^53, so that no digit is lost. */
function integerOf(text: string): number | bigint | undefined {
  const digits = text.replaceAll('_', '').replace(/^[-+]/, '');
  if (digits === '' || digits.length > LONGEST_NUMBER || /^0[bx]$/.test(digits)) return undefined;
  const magnitude = magnitudeOf(digits);
  const value = text.startsWith('-') ? -magnitude : magnitude;
  const plain = Number(value);
  return Number.isSafeInteger(plain) ? plain : value;
}

function magnitudeOf(digits: string): bigint {
  if (digits.includes(':')) return digits.split(':').reduce((sum, part) => sum * 60n + BigInt(part), 0n);
  if (/^0[0-7]+$/.test(digits)) return BigInt(`0o${digits.slice(1)}`);
  return BigInt(digits);
}

function floatOf(text: string): number | undefined {
  const lower = text.replaceAll('_', '').toLowerCase();
  const sign = lower.startsWith('-') ? -1 : 1;
  const magnitude = lower.replace(/^[-+]/, '');
  if (magnitude === '.inf') return sign * Number.POSITIVE_INFINITY;
  if (magnitude === '.nan') return Number.NaN;
  if (magnitude.includes(':')) {
    return sign * magnitude.split(':').reduce((sum, part) => sum * 60 + Number(part), 0);
  }
  return EXPLICIT_FLOAT.test(magnitude) ? sign * Number(magnitude) : undefined;
}

/** Whether year, month, day and time exist; Python refuses others. */
function isDate(match: RegExpExecArray): boolean {
  const [year, month, day] = [match[1] ?? match[4], match[2] ?? match[5], match[3] ?? match[6]].map(Number);
  if (year === undefined || month === undefined || day === undefined || year < 1) return false;
  const lastDay = new Date(Date.UTC(2000 + (year % 400), month, 0)).getUTCDate();
  if (month < 1 || month > 12 || day < 1 || day > lastDay) return false;
  const [hour, minute, second] = [match[7], match[8], match[9]].map((part) => Number(part ?? 0));
  return (hour ?? 0) < 24 && (minute ?? 0) < 60 && (second ?? 0) < 60;
}
