// SPDX-License-Identifier: Apache-2.0
// Values of functions, wherever they stand (spec tosca 7).
import { fault, ToscaError } from './error.js';
import { type FunctionCall, functionOf } from './function-call.js';
import { getAttribute } from './get-attribute.js';
import { getProperty } from './get-property.js';
import { pythonRepr, pythonText } from './python-text.js';
import { deeper, type Scope } from './scope.js';
import { didYouMean } from './unknown-field.js';
import { asNumber, isInteger, isList, isMap, type Key, type Value } from './value.js';

const MAX_TEXT = 4_000_000;

/**
 * The value with all functions in it replaced by theirs.
 *
 * @throws ToscaError when a function cannot be evaluated
 */
export function evaluate(value: Value, scope: Scope): Value {
  const call = functionOf(value);
  if (call !== undefined) return callFunction(call, deeper(scope));
  if (isList(value)) {
    scope.budget.spend(value.length);
    return value.map((item) => evaluate(item, scope));
  }
  if (!isMap(value)) return value;
  scope.budget.spend(value.size);
  const evaluated = new Map<Key, Value>();
  for (const [key, item] of value) evaluated.set(key, evaluate(item, scope));
  return evaluated;
}

function callFunction({ name, args }: FunctionCall, scope: Scope): Value {
  switch (name) {
    case 'get_input':
      return getInput(args, scope);
    case 'get_property':
      return getProperty(args, scope, evaluate);
    case 'get_attribute':
      return getAttribute(args, scope, evaluate);
    case 'concat':
      return concat(args, scope);
    case 'token':
      return token(args, scope);
    case 'get_operation_output':
      throw new ToscaError(
        'The function "get_operation_output" is not supported: outputs of operations are not collected.',
      );
  }
}

/** The value of an input (spec tosca 7.2). */
export function getInput(args: readonly Value[], scope: Scope): Value {
  const [written = null, ...others] = args;
  if (args.length !== 1 || others.length > 0) {
    throw fault(
      'ValueError',
      `Expected one argument for function "get_input" but received "${pythonRepr([...args])}".`,
    );
  }
  const name = pythonText(evaluate(written, scope));
  const input = scope.template.inputs.get(name);
  if (input === undefined) {
    const hint = didYouMean(name, scope.template.inputs.keys());
    throw fault('UnknownInputError', `Unknown input "${name}".`, { hint });
  }
  return evaluate(input.value, scope);
}

function concat(args: readonly Value[], scope: Scope): Value {
  let text = '';
  for (const argument of args) {
    text += pythonText(evaluate(argument, scope));
    if (text.length > MAX_TEXT)
      throw new ToscaError(`The function "concat" gives a text longer than ${MAX_TEXT} characters.`);
  }
  return text;
}

/** A piece of a text (spec tosca 7.5). */
function token(args: readonly Value[], scope: Scope): Value {
  if (args.length !== 3) return null;
  const [text = null, separator = null, position = null] = args.map((argument) => evaluate(argument, scope));
  if (text === null) return null;
  const pieces = pythonText(text).split(pythonText(separator));
  const index = isInteger(position) ? asNumber(position) : Number.NaN;
  return index === undefined || Number.isNaN(index) ? null : (pieces.at(index) ?? null);
}
