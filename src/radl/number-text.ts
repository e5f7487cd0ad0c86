// SPDX-License-Identifier: Apache-2.0
// How numbers are written: plain digits in RADL text, exponents for extreme fractions in JSON (spec radl 1).

interface Decimal {
  readonly sign: '' | '-';
  /** Shortest digits that read back to the same double, without dot. */
  readonly digits: string;
  /** Decimal exponent of the first digit. */
  readonly exponent: number;
}

function decompose(value: number): Decimal {
  const [mantissa = '0', exponent = '0'] = Math.abs(value).toExponential().split('e');
  const isNegative = value < 0 || Object.is(value, -0);
  return { sign: isNegative ? '-' : '', digits: mantissa.replace('.', ''), exponent: Number(exponent) };
}

function plainDigits({ sign, digits, exponent }: Decimal): string {
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, '0');
  return `${sign}${whole}.${digits.slice(exponent + 1) || '0'}`;
}

/** The number in RADL text: an integer in plain decimal, a fraction with a dot and never an exponent. */
export function numberText(value: bigint | number): string {
  return typeof value === 'bigint' ? value.toString() : plainDigits(decompose(value));
}

/** The number in RADL JSON: as the text, but exponent notation below 1e-4 and from 1e16 on (`1e-05`, `1e+16`). */
export function numberJson(value: bigint | number): string {
  if (typeof value === 'bigint') return value.toString();
  const decimal = decompose(value);
  if (decimal.exponent >= -4 && decimal.exponent < 16) return plainDigits(decimal);
  const { sign, digits, exponent } = decimal;
  const mantissa = digits.length > 1 ? `${digits.charAt(0)}.${digits.slice(1)}` : digits;
  return `${sign}${mantissa}e${exponent < 0 ? '-' : '+'}${Math.abs(exponent).toString().padStart(2, '0')}`;
}
