// SPDX-License-Identifier: Apache-2.0
// Compares the report of a take-over with what is expected of the odd rows.
import { expect } from 'chai';
import type { ReferenceNote, ReferenceReport } from '../../../src/store/index.js';
import { ODD_ROWS, ODD_SECRET } from './odd-rows.js';

/** The texts are the expected ones, in their order. */
export function reportOfRow(told: readonly string[], says: readonly RegExp[]): void {
  expect(told.map((text, index) => says[index]?.test(text) ?? text)).to.deep.equal(says.map(() => true));
  expect(told.join('\n')).not.to.include(ODD_SECRET);
}

/** Every row that is to be named is named with its reason, and no other. */
export function expectReport({ failed, warnings }: Pick<ReferenceReport, 'failed' | 'warnings'>): void {
  const shown = (id: unknown): string => (id === null ? '(no id)' : String(id).replace(/[\s]/g, '?'));
  const told = new Map<string, string[]>();
  for (const { id, text } of [...failed, ...warnings]) told.set(id, [...(told.get(id) ?? []), text]);
  for (const { row, says, title } of ODD_ROWS) {
    const texts = told.get(shown(row.id)) ?? [];
    expect(texts.length, `${title}: ${texts.join(' | ')}`).to.equal(says.length);
    reportOfRow(texts, says);
  }
  const left = new Set(ODD_ROWS.filter(({ outcome }) => outcome === 'left').map(({ row }) => shown(row.id)));
  expect(failed.map(({ id }) => id)).to.have.members([...left]);
}

/** The report out of the lines of a log. */
export function reportOfLog(lines: readonly string[]): Pick<ReferenceReport, 'failed' | 'warnings'> {
  const notes = (pattern: RegExp): readonly ReferenceNote[] =>
    lines.flatMap((line) => {
      const [, id = '', text = ''] = pattern.exec(line) ?? [];
      return text === '' ? [] : [{ id, text }];
    });
  return {
    failed: notes(/^Infrastructure (.*?) of grycap\/im could not be taken over: (.*)\.$/s),
    warnings: notes(/^Infrastructure (.*?) of grycap\/im: (.*)\.$/s),
  };
}
