// SPDX-License-Identifier: Apache-2.0
// im-admin operations show: one operation of the journal.
import { isFinal, type Operation } from '../../domain/index.js';
import { type AdminCommand, JSON_OPTION } from '../command.js';
import { operationFacts, requireOperation } from '../operation-facts.js';
import { tableLines, timeText } from '../text.js';

export const operationsShow: AdminCommand = {
  name: 'operations show',
  words: 'OPERATION',
  wordCount: { min: 1, max: 1 },
  options: [JSON_OPTION],
  summary: 'show an operation',
  details: 'What was asked in detail is not shown: it can hold secrets.',
  failure: 'there is no such operation',
  examples: ['im-admin operations show 0b7c2f52-5f1e-4f0e-8a51-7b7e4b1d9c20'],
  async run(context, { words, flags }) {
    const operation = await requireOperation(await context.openStore(), words[0] ?? '');
    if (flags.has('json')) {
      context.out(JSON.stringify(operationFacts(operation)));
    } else {
      for (const line of tableLines(factRows(operation))) context.out(line);
    }
    return 0;
  },
};

function factRows(operation: Operation): readonly (readonly string[])[] {
  const { id, infrastructureId, kind, state, caller, createdAt, startedAt, finishedAt, error } = operation;
  return [
    ['operation', id],
    ['infrastructure', infrastructureId],
    ['kind', kind],
    ['state', state],
    ['caller', caller],
    ['accepted', timeText(createdAt)],
    ['started', timeText(startedAt)],
    ['ended', timeText(finishedAt)],
    ['credentials', isFinal(state) ? 'deleted at its end' : 'kept sealed until its end'],
    ...(error === null ? [] : [['error', `${error.code}: ${error.message.trim().replaceAll('\n', ' | ')}`]]),
  ];
}
