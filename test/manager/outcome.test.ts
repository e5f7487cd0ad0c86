// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import { ImError, type Operation } from '../../src/domain/index.js';
import { neededResultOfEnded, resultOfEnded } from '../../src/manager/outcome.js';

const operation = (changes: Partial<Operation>): Operation =>
  ({ id: 'op', kind: 'add', state: 'done', result: {}, error: null, ...changes }) as Operation;
const codeOf = (task: () => unknown): string => {
  try {
    task();
  } catch (error) {
    if (error instanceof ImError) return error.code;
    throw error;
  }
  return 'none';
};

describe('the outcome of an operation', () => {
  it('is its result', () => {
    expect(neededResultOfEnded(operation({ result: { vmNumbers: [3] } }))).to.deep.equal({ vmNumbers: [3] });
    expect(resultOfEnded(operation({ result: {} }))).to.deep.equal({});
  });

  it('is that the infrastructure is deleted where the result was scrubbed with it, and never an empty answer', () => {
    const scrubbed = operation({ result: null });
    expect(codeOf(() => neededResultOfEnded(scrubbed))).to.equal('infrastructure-deleted');
    // What answers with nothing was done all the same.
    expect(resultOfEnded(scrubbed)).to.deep.equal({});
  });

  it('is its error, and that it goes on later when it has not ended', () => {
    const failed = operation({ state: 'failed', result: null, error: { code: 'provider', message: 'no room' } });
    for (const read of [resultOfEnded, neededResultOfEnded]) {
      expect(codeOf(() => read(failed))).to.equal('provider');
      expect(codeOf(() => read(operation({ state: 'queued', result: null })))).to.equal('store-unavailable');
    }
  });
});
