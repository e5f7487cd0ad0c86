// SPDX-License-Identifier: Apache-2.0
// Values as Python's `str()` shows them: Ansible prints the labels of loop items so.
import { pythonRepr } from '../../util/python-repr.js';

const MAX_DEPTH = 100;

/** A text is itself; lists, mappings and constants look as in Python: `{'a': [1, True, None]}`. */
export function pythonText(value: unknown): string {
  return typeof value === 'string' ? value : represent(value, 0);
}

function represent(value: unknown, depth: number): string {
  if (typeof value === 'string') return pythonRepr(value);
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value !== 'object') return String(value);
  if (value === null) return 'None';
  if (depth > MAX_DEPTH) return '...';
  if (Array.isArray(value)) return `[${value.map((item) => represent(item, depth + 1)).join(', ')}]`;
  const members = Object.entries(value).map(([key, item]) => `${pythonRepr(key)}: ${represent(item, depth + 1)}`);
  return `{${members.join(', ')}}`;
}
