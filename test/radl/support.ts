// SPDX-License-Identifier: Apache-2.0
// Small builders shared by the tests of the language room.
import { AssertionError } from 'chai';
import { type Features, parseRadl, RadlError, type System } from '../../src/radl/index.js';

/** The RadlError that the action raises. */
export function errorOf(action: () => unknown): RadlError {
  try {
    action();
  } catch (error) {
    if (error instanceof RadlError) return error;
    throw error;
  }
  throw new AssertionError('expected a RadlError, but nothing was raised');
}

/** A system with the given features, in RADL text. */
export function system(features: string, name = 's'): System {
  const [first] = parseRadl(`system ${name} (${features})`).systems;
  if (first === undefined) throw new AssertionError('the text holds no system');
  return first;
}

/** A group of features from RADL text. */
export function group(features: string): Features {
  return system(features).features;
}
