// SPDX-License-Identifier: Apache-2.0
// The credentials of a machine as a value of type Credential (spec tosca 10).
import type { VmView } from './infrastructure.js';
import type { Value } from './value.js';

/** User with private key or password, whatever there is; the key wins. Null for a machine without system. */
export function credentialOf({ info }: VmView): Value {
  const features = info.systems[0]?.features;
  if (features === undefined) return null;
  const read = (name: string): string | undefined => features.getText(`disk.0.os.credentials.${name}`);
  const credential = new Map<string, Value>([['user', read('username') ?? null]]);
  const key = read('private_key');
  const token = key ?? read('password');
  if (token !== undefined) {
    credential.set('token', token);
    credential.set('token_type', key === undefined ? 'password' : 'private_key');
  }
  return credential;
}
