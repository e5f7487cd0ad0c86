// SPDX-License-Identifier: Apache-2.0
// Fetched texts by URL, the least recently used ones dropped first when they take too much room.

/** A text with what is needed to ask whether it is still the same. */
export interface CachedText {
  readonly text: string;
  /** Milliseconds since 1970. */
  readonly fetchedAt: number;
  /** Until when it is used without asking. */
  readonly freshUntil: number;
  readonly etag: string | undefined;
  readonly lastModified: string | undefined;
}

/** A bounded cache of texts. */
export class ResponseCache {
  readonly #entries = new Map<string, CachedText>();
  readonly #maxCharacters: number;
  #characters = 0;

  constructor(maxCharacters: number) {
    this.#maxCharacters = maxCharacters;
  }

  get(url: string): CachedText | undefined {
    const entry = this.#entries.get(url);
    if (entry === undefined) return undefined;
    this.#entries.delete(url);
    this.#entries.set(url, entry);
    return entry;
  }

  set(url: string, entry: CachedText): void {
    this.#drop(url);
    if (entry.text.length > this.#maxCharacters) return;
    this.#entries.set(url, entry);
    this.#characters += entry.text.length;
    for (const oldest of this.#entries.keys()) {
      if (this.#characters <= this.#maxCharacters) return;
      this.#drop(oldest);
    }
  }

  #drop(url: string): void {
    const entry = this.#entries.get(url);
    if (entry === undefined) return;
    this.#entries.delete(url);
    this.#characters -= entry.text.length;
  }
}
