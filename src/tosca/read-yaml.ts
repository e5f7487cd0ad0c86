// SPDX-License-Identifier: Apache-2.0
// YAML text to document values, with the errors of the room.
import { loadYaml, YamlError } from '../yaml.js';
import { ToscaError } from './error.js';
import { fromYaml, type Value } from './value.js';

/** The value of the text. @throws ToscaError with the YAML reader's message and place */
export function readYaml(text: string): Value {
  try {
    return fromYaml(loadYaml(text, { exact: true }));
  } catch (error) {
    if (!(error instanceof YamlError)) throw error;
    const { line, column } = error;
    const place = line === undefined || column === undefined ? undefined : { line, column };
    throw new ToscaError(error.message, [{ kind: '', text: error.message, place }]);
  }
}
