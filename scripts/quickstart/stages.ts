// SPDX-License-Identifier: Apache-2.0
// Times the stages of the quickstart: the ones of its shell part come from a file, the others are run here.
import { existsSync, readFileSync } from 'node:fs';

/** One stage that has ended. */
export interface Stage {
  readonly name: string;
  readonly milliseconds: number;
}

/** Runs stages one after another and remembers how long each took. */
export class Stages {
  private readonly ended: Stage[];

  constructor(
    earlier: readonly Stage[],
    private readonly now: () => number,
    private readonly announce: (text: string) => void,
  ) {
    this.ended = [...earlier];
  }

  /** Runs one stage; its time counts also when it fails. */
  async run<Result>(name: string, work: () => Promise<Result>): Promise<Result> {
    this.announce(`==> ${name}`);
    const startedAt = this.now();
    try {
      return await work();
    } finally {
      this.ended.push({ name, milliseconds: this.now() - startedAt });
    }
  }

  /** The table of all stages with their sum. */
  table(): string {
    const rows = [
      ...this.ended,
      { name: 'total', milliseconds: this.ended.reduce((sum, stage) => sum + stage.milliseconds, 0) },
    ];
    const width = Math.max(...rows.map((row) => row.name.length));
    return rows
      .map((row) => `  ${row.name.padEnd(width)}  ${(row.milliseconds / 1000).toFixed(1).padStart(7)} s`)
      .join('\n');
  }
}

/** The stages that the shell part wrote: one `name<TAB>milliseconds` per line; other lines are skipped. */
export function readStages(file: string): readonly Stage[] {
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .split('\n')
    .flatMap((line) => {
      const [name, time] = line.split('\t');
      const milliseconds = Number(time);
      return name === undefined || time === undefined || !Number.isFinite(milliseconds) ? [] : [{ name, milliseconds }];
    });
}
