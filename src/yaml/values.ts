// SPDX-License-Identifier: Apache-2.0
// What YAML has and JavaScript has not: fractions with integral values and dates, for loading without loss; and its error.

/** A fraction whose value is integral, e.g. `2.0`, which JavaScript cannot tell from `2`. */
export class YamlFloat {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }
}

/** An unquoted date or time stamp, as it was written. */
export class YamlDate {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** Where a problem shows, both from 1. */
export interface YamlPlace {
  readonly line: number;
  readonly column: number;
}

/** A text that is not one YAML document of the safe schema, or a value that YAML cannot express. */
export class YamlError extends Error {
  /** The message without the place. */
  readonly reason: string;
  readonly line?: number;
  readonly column?: number;

  constructor(reason: string, place?: YamlPlace) {
    super(place === undefined ? reason : `${reason} (line ${place.line}, column ${place.column})`);
    this.name = 'YamlError';
    this.reason = reason;
    if (place === undefined) return;
    this.line = place.line;
    this.column = place.column;
  }
}
