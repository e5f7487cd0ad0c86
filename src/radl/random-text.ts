// SPDX-License-Identifier: Apache-2.0
// The characters behind `'random(N)'` (spec radl 2.2).
import { randomInt } from 'node:crypto';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** Makes a text of the given length. */
export type RandomText = (length: number) => string;

/** Letters and digits from the cryptographic generator. */
export const cryptographicText: RandomText = (length) =>
  Array.from({ length }, () => ALPHABET.charAt(randomInt(ALPHABET.length))).join('');
