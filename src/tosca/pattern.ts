// SPDX-License-Identifier: Apache-2.0
// Regular expressions out of documents: matched under a time limit, because whoever posts one may want to stop us.
import { createContext, runInContext } from 'node:vm';
import { javaScriptPattern } from '../util/python-pattern.js';
import { fault } from './error.js';

const TIMEOUT_MS = 100;
const MAX_PATTERN = 2000;
const MAX_TEXT = 100_000;

const sandbox = { pattern: '', flags: '', text: '' };
let isReady = false;

/**
 * Whether the pattern, in Python's syntax, matches the whole text.
 *
 * @throws ToscaError when the pattern cannot be read, or takes too long
 */
export function matchesWhole(pattern: string, text: string): boolean {
  if (pattern.length > MAX_PATTERN || text.length > MAX_TEXT) throw unusable(pattern, 'pattern or value is too long');
  const translated = javaScriptPattern(pattern);
  const source = `(?<![\\s\\S])(?:${translated.source})(?![\\s\\S])`; // not ^ and $, which (?m) would turn into the ends of lines
  const flags = `su${translated.flags.replace('s', '')}`;
  try {
    new RegExp(source, flags);
  } catch {
    throw unusable(pattern, 'it is not a regular expression');
  }
  // A context costs about a millisecond; most documents never need one.
  if (!isReady) createContext(sandbox);
  isReady = true;
  sandbox.pattern = source;
  sandbox.flags = flags;
  sandbox.text = text;
  try {
    return runInContext('new RegExp(pattern, flags).test(text)', sandbox, { timeout: TIMEOUT_MS }) === true;
  } catch {
    throw unusable(pattern, `matching took longer than ${TIMEOUT_MS} ms`);
  }
}

function unusable(pattern: string, why: string): Error {
  return fault('InvalidSchemaError', `The pattern "${pattern.slice(0, 200)}" cannot be used: ${why}.`);
}
