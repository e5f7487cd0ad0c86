// SPDX-License-Identifier: Apache-2.0
// The name of a TOSCA template, for statistics of infrastructures that come from grycap/im (oidc-vault-oai-stats.md §4).
import { basename } from 'node:path';
import { loadYaml } from '../../yaml.js';

/** `metadata.template_name`, else the file name of `metadata.icon` without its extension; empty when there is neither, or no YAML. */
export function templateName(tosca: string): string {
  let document: unknown;
  try {
    document = loadYaml(tosca);
  } catch {
    // The text itself is kept as it is; only the statistics go without the name.
    return '';
  }
  const metadata = member(document, 'metadata');
  const name = member(metadata, 'template_name');
  if (typeof name === 'string' && name !== '') {
    return name;
  }
  const icon = member(metadata, 'icon');
  return typeof icon === 'string' ? basename(icon).slice(0, -4) : '';
}

function member(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key) ? Reflect.get(value, key) : undefined;
}
