// SPDX-License-Identifier: Apache-2.0
// Values of type `tosca.datatypes.Credential`.
import { pythonText } from './python-text.js';
import { asMap, isTruthy, type Value } from './value.js';

/** A credential with the default token type filled in; absent parts are empty. */
export interface ToscaCredential {
  readonly user: string;
  readonly token: string;
  readonly tokenType: string;
}

/** Reads an evaluated credential; undefined when the value is none. */
export function readCredential(value: Value | undefined): ToscaCredential | undefined {
  const map = asMap(value);
  if (map.size === 0) return undefined;
  const text = (key: string): string => (isTruthy(map.get(key)) ? pythonText(map.get(key)) : '');
  return { user: text('user'), token: text('token'), tokenType: text('token_type') || 'password' };
}
