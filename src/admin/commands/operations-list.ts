// SPDX-License-Identifier: Apache-2.0
// im-admin operations list: the journal of what was asked and how it ended.
import { infrastructureNotFound, type Operation, type OperationState } from '../../domain/index.js';
import { type AdminCommand, JSON_OPTION } from '../command.js';
import { operationFacts } from '../operation-facts.js';
import { tableLines, timeText } from '../text.js';
import { UsageError } from '../usage-error.js';

const STATES: readonly OperationState[] = ['queued', 'running', 'done', 'failed', 'cancelled'];
const DEFAULT_LIMIT = 50;

export const operationsList: AdminCommand = {
  name: 'operations list',
  words: '[ID]',
  wordCount: { min: 0, max: 1 },
  options: [
    { name: 'state', value: 'STATES', help: `only these, with commas between: ${STATES.join(', ')}` },
    { name: 'limit', value: 'N', help: `the newest N (${DEFAULT_LIMIT})` },
    JSON_OPTION,
  ],
  summary: 'list operations, those of infrastructure ID or all that are unfinished',
  failure: 'there is no such infrastructure',
  examples: [
    'im-admin operations list',
    'im-admin operations list 6f1f0ed2-3b0c-4c8e-9d53-2a8f0f6a1c11 --state failed,cancelled --limit 20',
  ],
  async run(context, { words, flags, values }) {
    const [infrastructureId] = words;
    const states = readStates(values.get('state')) ?? (infrastructureId === undefined ? UNFINISHED : undefined);
    const limit = readLimit(values.get('limit'));
    const store = await context.openStore();
    if (infrastructureId !== undefined && (await store.getHeader(infrastructureId)) === undefined) {
      throw infrastructureNotFound();
    }
    const operations = await store.listOperations({
      ...(infrastructureId !== undefined && { infrastructureId }),
      ...(states !== undefined && { states }),
    });
    const newest = operations.slice(-limit).reverse();
    if (flags.has('json')) {
      context.out(JSON.stringify(newest.map(operationFacts)));
      return 0;
    }
    if (newest.length > 0) {
      const head = ['OPERATION', 'INFRASTRUCTURE', 'KIND', 'STATE', 'ACCEPTED', 'ENDED', 'CALLER', 'ERROR'];
      for (const line of tableLines([head, ...newest.map(rowOf)])) context.out(line);
    }
    if (operations.length > newest.length) {
      context.note(`${operations.length - newest.length} older ones are not shown: use --limit.`);
    }
    return 0;
  },
};

const UNFINISHED: readonly OperationState[] = ['queued', 'running'];

function rowOf(operation: Operation): readonly string[] {
  const { id, infrastructureId, kind, state, createdAt, finishedAt, caller, error } = operation;
  const problem = (error?.message ?? '').split('\n')[0] ?? '';
  return [id, infrastructureId, kind, state, timeText(createdAt), timeText(finishedAt), caller, problem.slice(0, 100)];
}

function readStates(text: string | undefined): readonly OperationState[] | undefined {
  return text?.split(',').map((word) => {
    const state = STATES.find((known) => known === word.trim());
    if (state === undefined) {
      throw new UsageError(`--state must be some of ${STATES.join(', ')}, not ${JSON.stringify(word)}.`);
    }
    return state;
  });
}

function readLimit(text: string | undefined): number {
  const limit = Number(text ?? DEFAULT_LIMIT);
  if (!Number.isSafeInteger(limit) || limit < 1) {
    throw new UsageError(`--limit must be a whole number from 1 on, not ${JSON.stringify(text)}.`);
  }
  return limit;
}
