// SPDX-License-Identifier: Apache-2.0
// Values that are computed at their first use: most readers of a record never look at its sealed documents.

/** A function that computes once and then returns the same value. When it throws, the next call tries again. */
export function once<T>(compute: () => T): () => T {
  let computed: { readonly value: T } | undefined;
  return () => {
    computed ??= { value: compute() };
    return computed.value;
  };
}
