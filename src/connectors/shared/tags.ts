// SPDX-License-Identifier: Apache-2.0
// Tags (labels, metadata) of a VM: the user's, and those that the configuration asks for (core.md §24.4).
import type { System } from '../../radl/index.js';
import type { ConnectorSettings } from '../connector.js';

/** Value of the tag that marks everything made by an Infrastructure Manager. */
const IM_MARK = 'es.upv.grycap.im';

/** What the configured tags are filled with. */
export interface TagValues {
  readonly username: string;
  readonly infrastructureId: string;
  /** Empty when not known. */
  readonly serviceUrl: string;
}

/** The options that name tags; an empty name means that the tag is not wanted. */
export type TagSettings = Pick<ConnectorSettings, 'vmTagUsername' | 'vmTagInfId' | 'vmTagImUrl' | 'vmTagIm'>;

/**
 * `instance_tags = 'k=v,k2=v2'` plus the configured tags that the user did not set. Pieces without `=` are passed over; of
 * `a=b=c` the value is `b`.
 */
export function instanceTags(system: System, values: TagValues, settings: TagSettings): ReadonlyMap<string, string> {
  const tags = new Map<string, string>();
  for (const piece of (system.features.getText('instance_tags') ?? '').split(',')) {
    const [key = '', value] = piece.split('=');
    if (key.trim() !== '' && value !== undefined) tags.set(key.trim(), value.trim());
  }
  const configured: readonly (readonly [string, string])[] = [
    [settings.vmTagUsername, values.username],
    [settings.vmTagInfId, values.infrastructureId],
    [settings.vmTagImUrl, values.serviceUrl],
    [settings.vmTagIm, IM_MARK],
  ];
  for (const [name, value] of configured) {
    if (name !== '' && value !== '' && !tags.has(name)) tags.set(name, value);
  }
  return tags;
}
