// SPDX-License-Identifier: Apache-2.0
// Finds the aspects of one kind by id without walking the list: documents with thousands of systems stay linear.

/** Index over a list that others may push to; the first of equal ids counts, as in a walk. */
export class AspectIndex<T> {
  readonly #list: readonly T[];
  readonly #idOf: (aspect: T) => string;
  readonly #byId = new Map<string, T>();
  /** How much of the list is in the map. */
  #indexed = 0;

  constructor(list: readonly T[], idOf: (aspect: T) => string) {
    this.#list = list;
    this.#idOf = idOf;
  }

  /** The first aspect of that id. */
  get(id: string): T | undefined {
    this.#catchUp();
    return this.#byId.get(id);
  }

  /** An aspect of the list took the place of another one of the same id. */
  replaced(aspect: T): void {
    this.#catchUp();
    this.#byId.set(this.#idOf(aspect), aspect);
  }

  #catchUp(): void {
    if (this.#list.length < this.#indexed) {
      this.#byId.clear();
      this.#indexed = 0;
    }
    for (; this.#indexed < this.#list.length; this.#indexed += 1) {
      const aspect = this.#list[this.#indexed];
      if (aspect !== undefined && !this.#byId.has(this.#idOf(aspect))) {
        this.#byId.set(this.#idOf(aspect), aspect);
      }
    }
  }
}
