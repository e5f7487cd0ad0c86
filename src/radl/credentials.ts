// SPDX-License-Identifier: Apache-2.0
// Credentials of systems and Ansible hosts (spec radl 12.2).
import type { AnsibleHost, System } from './aspects.js';
import type { Features } from './features.js';

/** Credential values; empty ones are left out. */
export interface Credentials {
  readonly username?: string;
  readonly password?: string;
  readonly publicKey?: string;
  readonly privateKey?: string;
}

/** Which credentials are meant: the current ones, or those to change to. */
export interface CredentialSelection {
  readonly isNew: boolean;
}

/** How to log in: with a key when there is one, else with a password. */
export type LoginCredentials =
  | { readonly kind: 'key'; readonly username?: string; readonly publicKey?: string; readonly privateKey?: string }
  | { readonly kind: 'password'; readonly username?: string; readonly password?: string };

const CURRENT: CredentialSelection = { isNew: false };
const properties = [
  ['username', 'username'],
  ['password', 'password'],
  ['publicKey', 'public_key'],
  ['privateKey', 'private_key'],
] as const;

function prefixOf({ isNew }: CredentialSelection): string {
  return isNew ? 'disk.0.os.credentials.new.' : 'disk.0.os.credentials.';
}

function readCredentials(features: Features, prefix: string): Credentials {
  const found = properties.flatMap(([key, suffix]) => {
    const value = features.getText(prefix + suffix);
    return value ? [[key, value] as const] : [];
  });
  return Object.fromEntries(found);
}

/** The credentials of a system. */
export function credentials(system: System, which: CredentialSelection = CURRENT): Credentials {
  return readCredentials(system.features, prefixOf(which));
}

/** Sets the values that are given and not empty; others stay. */
export function setCredentials(system: System, values: Credentials, which: CredentialSelection = CURRENT): void {
  for (const [key, suffix] of properties) {
    const value = values[key];
    if (value) system.features.setText(prefixOf(which) + suffix, value);
  }
}

/** Makes the new password and keys (not the user name) the current ones, after they were set on the machine. */
export function acceptNewCredentials(system: System): void {
  const { password, publicKey, privateKey } = credentials(system, { isNew: true });
  setCredentials(system, {
    ...(password !== undefined && { password }),
    ...(publicKey !== undefined && { publicKey }),
    ...(privateKey !== undefined && { privateKey }),
  });
  for (const [key, suffix] of properties) {
    if (key !== 'username') system.features.delete(prefixOf({ isNew: true }) + suffix);
  }
}

/** How to log in to the machines of a system; undefined when it says nothing. */
export function loginCredentials(system: System): LoginCredentials | undefined {
  return loginOf(credentials(system));
}

/** How to log in to an external Ansible host. */
export function ansibleCredentials(host: AnsibleHost): LoginCredentials | undefined {
  return loginOf(readCredentials(host.features, 'credentials.'));
}

function loginOf({ username, password, publicKey, privateKey }: Credentials): LoginCredentials | undefined {
  const name = username === undefined ? {} : { username };
  if (publicKey !== undefined || privateKey !== undefined) {
    return {
      kind: 'key',
      ...name,
      ...(publicKey !== undefined && { publicKey }),
      ...(privateKey !== undefined && { privateKey }),
    };
  }
  if (username === undefined && password === undefined) return undefined;
  return { kind: 'password', ...name, ...(password !== undefined && { password }) };
}
