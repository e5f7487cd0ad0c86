// SPDX-License-Identifier: Apache-2.0
// Fills the example documents in: `@input.NAME@` marks (spec radl 2.2, a client's job) and a published port that is taken.

/** Replaces every `@input.NAME@`; fails for a mark that has no value, as the daemon would read it as ordinary text. */
export function fillInputs(radl: string, inputs: ReadonlyMap<string, string>): string {
  return radl.replace(/@input\.(\w+)@/g, (mark, name: string) => {
    const value = inputs.get(name);
    if (value === undefined) throw new Error(`the document asks for ${mark}, for which there is no value`);
    return value;
  });
}

/** The document with the outport `from-local` published as `to-local` instead; fails when it has no such outport. */
export function movePublishedPort(radl: string, from: number, to: number, local: number): string {
  if (from === to) return radl;
  const pattern = new RegExp(`(outports\\s*=\\s*'[^']*?)\\b${from}-${local}\\b`);
  if (!pattern.test(radl)) throw new Error(`the document has no outport ${from}-${local} to move to ${to}`);
  return radl.replace(pattern, `$1${to}-${local}`);
}
