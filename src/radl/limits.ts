// SPDX-License-Identifier: Apache-2.0
// Bounds of what the readers accept, so that hostile input cannot exhaust memory, time or the stack.

/** Longest document, in UTF-16 units. A 20,000-line document has about a million. */
export const MAX_DOCUMENT_LENGTH = 8_000_000;

/** Most words, signs and values of a document; a 20,000-line document has about 150,000. A recipe or a text counts as one. */
export const MAX_PARTS = 200_000;

/** Deepest nesting of soft and contains groups, and of JSON containers. */
export const MAX_DEPTH = 100;

/** Longest integer, in digits; converting longer ones costs more than linear time. */
export const MAX_DIGITS = 4300;

/** Largest fraction; times the largest unit factor it is still finite. */
export const MAX_FRACTION = 1e295;

/** Longest text that `random(N)` makes. */
export const MAX_RANDOM_LENGTH = 4096;
