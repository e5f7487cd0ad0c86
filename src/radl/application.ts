// SPDX-License-Identifier: Apache-2.0
// Applications of a system and which of two is newer (spec radl 10, 12.2).
import type { System } from './aspects.js';
import type { Features } from './features.js';
import { compareVersions, parseVersion } from './version.js';
import type { VmDocuments } from './vm-names.js';

/** The applications of the boot disk, in order. */
export function applications(system: System): readonly Features[] {
  return system.features.contained('disk.0.applications');
}

/**
 * Whether application `a` is a newer `b`: same name, and `b` names no version or both versions are valid and that of `a` is
 * strictly greater. Equal versions are not newer.
 */
export function isNewerApplication(a: Features, b: Features): boolean {
  if (a.getText('name') !== b.getText('name')) return false;
  if (!b.getValue('version')) return true;
  const [left, right] = [a, b].map((application) => parseVersion(application.getText('version') ?? ''));
  return left !== undefined && right !== undefined && compareVersions(left, right) > 0;
}

/** The requested applications that are to be installed: no `ansible.*` ones, none of which a newer one is there. */
export function applicationsToInstall({ info, requested }: VmDocuments): readonly Features[] {
  const [installedSystem, requestedSystem] = [info.systems[0], requested.systems[0]];
  const installed = installedSystem === undefined ? [] : applications(installedSystem);
  return (requestedSystem === undefined ? [] : applications(requestedSystem)).filter(
    (wanted) =>
      !wanted.getText('name')?.startsWith('ansible.') &&
      !installed.some((application) => isNewerApplication(application, wanted)),
  );
}

/**
 * What the applications of a candidate add to its score: 100 for every pair in which the installed one is newer than the
 * requested one, -1 for every installed one with a version.
 */
export function applicationScore(requested: readonly Features[], installed: readonly Features[]): number {
  let score = 0;
  for (const application of installed) {
    score += 100 * requested.filter((wanted) => isNewerApplication(application, wanted)).length;
    if (application.getValue('version')) score -= 1;
  }
  return score;
}
