// SPDX-License-Identifier: Apache-2.0
// Units of memory and disk sizes: their factors, and the conversion of a number between them (spec radl 6).

const factors: ReadonlyMap<string, number> = new Map([
  ['K', 1e3],
  ['KI', 2 ** 10],
  ['M', 1e6],
  ['MI', 2 ** 20],
  ['G', 1e9],
  ['GI', 2 ** 30],
  ['T', 1e12],
  ['TI', 2 ** 40],
]);

/** The factor of a unit to base units; any unknown unit, `B` and none count as 1. One trailing `B` is ignored. */
export function unitFactor(unit: string): number {
  if (unit === '') return 1;
  const upper = unit.toUpperCase();
  return factors.get(upper.endsWith('B') ? upper.slice(0, -1) : upper) ?? 1;
}

/**
 * The number in base units (bytes), or in `target` when given. An integer stays an integer, rounded halves to even;
 * without unit and target the number itself is returned untouched.
 */
export function convertNumber(value: bigint | number, unit: string, target = ''): bigint | number {
  if (unit === '' && target === '') return value;
  const factor = unitFactor(unit);
  const divisor = unitFactor(target);
  if (typeof value === 'number') return (value * factor) / divisor;
  const quotient = Number(value * BigInt(factor)) / divisor;
  if (Number.isFinite(quotient)) return BigInt(roundHalfToEven(quotient));
  return (value * BigInt(factor)) / BigInt(divisor);
}

/** The number in base units without any rounding, as the JSON form writes it: an integer keeps all its digits. */
export function scaleNumber(value: bigint | number, unit: string): bigint | number {
  const factor = unitFactor(unit);
  if (factor === 1) return value;
  return typeof value === 'bigint' ? value * BigInt(factor) : value * factor;
}

function roundHalfToEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  if (rest < 0.5) return below;
  if (rest > 0.5) return below + 1;
  return below % 2 === 0 ? below : below + 1;
}
