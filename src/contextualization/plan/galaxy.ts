// SPDX-License-Identifier: Apache-2.0
// Roles and collections that the systems ask for as applications (contextualization.md §7).
import { badRequest } from '../../domain/index.js';
import { applications, type Features, type Radl } from '../../radl/index.js';
import type { ConfigurationPlan } from '../contract.js';

type Role = ConfigurationPlan['roles'][number];
type Collection = ConfigurationPlan['collections'][number];

/** Everything to install with ansible-galaxy, each source and version once. */
export interface GalaxyContent {
  readonly roles: readonly Role[];
  readonly collections: readonly Collection[];
}

const ROLE_PREFIXES = ['ansible.roles.', 'ansible.modules.'];
const COLLECTION_PREFIX = 'ansible.collections.';

/**
 * The roles and collections of all systems of the document.
 *
 * @throws ImError `bad-request` for a text that ansible-galaxy would read as something else (an option, several lines)
 */
export function galaxyContent(radl: Radl): GalaxyContent {
  const roles = new Map<string, Role>();
  const collections = new Map<string, Collection>();
  for (const system of radl.systems) {
    for (const application of applications(system)) {
      const fullName = application.getText('name') ?? '';
      const prefix = ROLE_PREFIXES.find((candidate) => fullName.startsWith(candidate));
      if (prefix !== undefined) {
        const role = parseRole(fullName.slice(prefix.length), versionOf(application));
        roles.set(JSON.stringify(role), role);
      } else if (fullName.startsWith(COLLECTION_PREFIX)) {
        const collection = parseCollection(fullName.slice(COLLECTION_PREFIX.length), versionOf(application));
        collections.set(JSON.stringify(collection), collection);
      }
    }
  }
  return { roles: [...roles.values()], collections: [...collections.values()] };
}

/**
 * Reads `source[,version][|name]`; both version and name are kept together (X13).
 *
 * @example parseRole('git+https://host/x,v1|name') // { source: 'git+https://host/x', version: 'v1', name: 'name' }
 */
export function parseRole(text: string, applicationVersion?: string): Role {
  const [address = '', name] = splitOnce(text, '|');
  const [source = '', writtenVersion] = splitOnce(address, ',');
  const version = writtenVersion || applicationVersion;
  for (const part of [source, name, version]) checkPart(part, text);
  return { source, ...(name && { name }), ...(version && { version }) };
}

/** Reads `namespace.name[,version]`. */
export function parseCollection(text: string, applicationVersion?: string): Collection {
  const [name = '', writtenVersion] = splitOnce(text, ',');
  const version = writtenVersion || applicationVersion;
  for (const part of [name, version]) checkPart(part, text);
  return { name, ...(version && { version }) };
}

function splitOnce(text: string, separator: string): readonly string[] {
  const index = text.indexOf(separator);
  return index === -1 ? [text] : [text.slice(0, index).trim(), text.slice(index + 1).trim()];
}

function versionOf(application: Features): string | undefined {
  const version = application.getValue('version');
  return version === undefined || Array.isArray(version) ? undefined : String(version);
}

export function checkPart(part: string | undefined, text: string): void {
  if (part === undefined) return;
  if (part === '' || part.startsWith('-') || part.length > 1000 || /[^\x20-\x7e]/.test(part)) {
    throw badRequest(
      `The Ansible role or collection ${JSON.stringify(text.slice(0, 200))} cannot be installed: write it as "source[,version][|name]".`,
    );
  }
}
