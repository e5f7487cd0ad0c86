// SPDX-License-Identifier: Apache-2.0
// The RADL corpus: runs each operation on our language room and compares with the recorded result.

import { RadlError } from '../../src/radl/index.js';
import { YamlError } from '../../src/yaml.js';
import { documentDifference } from './radl-document.js';
import { radlOperations } from './radl-operations.js';
import { difference, expectationOf, type GoldenCase, type GoldenSuite, matchesError } from './suite.js';

type Outcome = { readonly kind: 'value'; readonly value: unknown } | { readonly kind: 'error'; readonly text: string };

function runOperation(golden: GoldenCase): Outcome {
  const operation = radlOperations.get(golden.op);
  if (operation === undefined) return { kind: 'error', text: `unknown operation ${golden.op}` };
  try {
    return { kind: 'value', value: operation(golden) };
  } catch (error) {
    // Only clean errors count as failing; anything else is a defect of ours.
    if (error instanceof RadlError || error instanceof YamlError) return { kind: 'error', text: error.message };
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { kind: 'error', text: `internal error: ${text}` };
  }
}

function compare(golden: GoldenCase, outcome: Outcome): string | undefined {
  const expectation = expectationOf(golden);
  if (outcome.kind === 'error') {
    if (expectation.kind === 'value') return `failed with ${JSON.stringify(outcome.text)}`;
    const isClean = !outcome.text.startsWith('internal error') && !outcome.text.startsWith('unknown operation');
    if (isClean && matchesError(outcome.text, expectation.error)) return undefined;
    return `error is ${JSON.stringify(outcome.text)}, expected ${JSON.stringify(expectation.error)}`;
  }
  if (expectation.kind === 'error') {
    return `gave ${JSON.stringify(outcome.value)?.slice(0, 300)}, expected error ${JSON.stringify(expectation.error)}`;
  }
  if (golden.op === 'parse' || golden.op === 'json_parse') return documentDifference(outcome.value, expectation.value);
  return difference(outcome.value, expectation.value);
}

/** Golden cases of the RADL language. */
export const radlSuite: GoldenSuite = {
  run: (golden) => compare(golden, runOperation(golden)),
};
