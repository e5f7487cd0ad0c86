// SPDX-License-Identifier: Apache-2.0
// Repeats a task and takes the best time: the least disturbed run says most about the code.

/** Best of several runs, in milliseconds. */
export async function best(runs: number, task: () => unknown): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let run = 0; run < runs; run += 1) {
    const start = performance.now();
    await task();
    least = Math.min(least, performance.now() - start);
  }
  return least;
}

/** Prints a row of a table. */
export function row(...cells: readonly (string | number)[]): void {
  console.log(cells.map((cell) => String(typeof cell === 'number' ? shortNumber(cell) : cell).padEnd(22)).join(' '));
}

function shortNumber(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toPrecision(3);
}
