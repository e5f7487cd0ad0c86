// SPDX-License-Identifier: Apache-2.0
// How strictly a record of grycap/im is read: documents of users must be right, rows of old databases give what they can.
import { RecordError } from './json.js';

/** What a reader does with a part of a record that it cannot read. */
export interface Reading {
  /**
   * The part is left out. Strict readings end here.
   * @param note says what is left out and the remedy, and quotes nothing of the record
   */
  leaveOut(note: string, cause?: unknown): void;
}

/** Any part that cannot be read makes the whole unreadable: the caller mends the document and sends it again. */
export const STRICT: Reading = {
  leaveOut(note, cause) {
    throw cause instanceof Error ? cause : new RecordError(note, { cause });
  },
};

/** Notes beyond it are counted: a record can have very many entries. */
const MOST_NOTES = 20;

/** Keeps notes of what is left out. */
export class Lenient implements Reading {
  readonly #notes: string[] = [];
  #further = 0;

  leaveOut(note: string): void {
    if (this.#notes.length < MOST_NOTES) {
      this.#notes.push(note);
    } else {
      this.#further += 1;
    }
  }

  get notes(): readonly string[] {
    return this.#further === 0 ? this.#notes : [...this.#notes, `${this.#further} further notes like these`];
  }
}

/** The value of a part, or what stands in its place when it cannot be read. */
export function readOr<T>(reading: Reading, note: string, read: () => T, otherwise: () => T): T {
  try {
    return read();
  } catch (error) {
    reading.leaveOut(note, error);
    return otherwise();
  }
}
