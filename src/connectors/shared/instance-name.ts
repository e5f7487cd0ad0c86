// SPDX-License-Identifier: Apache-2.0
// The name that a provider shows for a VM (core.md §24.5).
import type { System } from '../../radl/index.js';

/**
 * `instance_name`, else `disk.0.image.name`, else the system's name, else `im-userimage`; lower case, `_` as `-`.
 * @param suffix appended after a `-`, for providers where names must be unique
 */
export function instanceName(system: System, suffix?: string): string {
  const candidates = [
    system.features.getText('instance_name'),
    system.features.getText('disk.0.image.name'),
    system.name,
    'im-userimage',
  ];
  const name = (candidates.find((text) => text !== undefined && text !== '') ?? '').toLowerCase().replaceAll('_', '-');
  return suffix === undefined ? name : `${name}-${suffix}`;
}
