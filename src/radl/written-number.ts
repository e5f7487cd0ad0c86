// SPDX-License-Identifier: Apache-2.0
// Counts and times as JavaScript numbers, beside what was written when such a number cannot express it.

/** Whether a plain number says all: an integer from 0 to 2^53 - 1. */
export function isPlainInteger(value: unknown): value is bigint {
  return typeof value === 'bigint' && value >= 0n && value <= BigInt(Number.MAX_SAFE_INTEGER);
}

/** The value as a plain number; NaN for what is no number. */
export function plainNumber(value: bigint | number | string | null): number {
  return typeof value === 'bigint' || typeof value === 'number' ? Number(value) : Number.NaN;
}

/** `exact` when given, else the plain number as an integer (or as the fraction it is). */
export function writtenNumber(plain: number, exact: bigint | number | undefined): bigint | number {
  if (exact !== undefined) return exact;
  return Number.isSafeInteger(plain) ? BigInt(plain) : plain;
}
