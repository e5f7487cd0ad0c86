// SPDX-License-Identifier: Apache-2.0
// Where log lines go. A sink swallows its own failures into a count, because a full disk must not stop the service.

/** A destination of log lines. */
export interface LogSink {
  /** Writes one line; the line end is added. Never throws. */
  write(line: string): void;
  /** Opens the destination again, after it was moved away (SIGHUP). Never throws. */
  reopen(): void;
  /** Writes what is still held back and lets go of the destination. */
  close(): Promise<void>;
}

/** Told once per series of failures, for example to print it on standard error. */
export type OnTrouble = (message: string) => void;

/** Counts lines that could not be written, and says so in the log itself when it works again. */
export class LostLines {
  #count = 0;
  #reason: string | undefined;
  readonly #onTrouble: OnTrouble;

  constructor(onTrouble: OnTrouble) {
    this.#onTrouble = onTrouble;
  }

  /** The destination does not work; told once until {@link recovered}. */
  trouble(reason: string): void {
    if (this.#reason === undefined) this.#onTrouble(`Log lines are being lost: ${reason}`);
    this.#reason = reason;
  }

  /** A line could not be written. */
  add(reason: string): void {
    this.trouble(reason);
    this.#count += 1;
  }

  /** The line that owns up to the loss; undefined when nothing was lost. */
  get report(): string | undefined {
    return this.#count === 0 ? undefined : `(${this.#count} log lines were lost: ${this.#reason})`;
  }

  /** The destination works again and the report is written. */
  recovered(): void {
    this.#count = 0;
    this.#reason = undefined;
  }
}

/** The message of anything that was thrown. */
export const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
