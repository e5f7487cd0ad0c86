// SPDX-License-Identifier: Apache-2.0
// Taking over new recipes, credentials and applications when an infrastructure is configured again (spec radl 9.4).
import { applications } from './application.js';
import type { System } from './aspects.js';
import { cloneContextualize, mergeContextualize } from './contextualize.js';
import { credentials, setCredentials } from './credentials.js';
import { Features } from './features.js';
import { replaceNamed } from './merge.js';
import type { Radl } from './radl.js';

const APPLICATIONS = 'disk.0.applications';

/**
 * Applies to `stored`, in place, what a reconfiguration may change: configures are replaced, contextualize is merged, systems of
 * the same name get new credentials and applications. Networks, deploys and other features are ignored; nothing is checked.
 */
export function reconfigureRadl(stored: Radl, request: Radl): void {
  replaceNamed(
    stored.configures,
    request.configures.filter((configure) => !configure.isReference),
  );
  stored.contextualize = mergeContextualize(stored.contextualize, cloneContextualize(request.contextualize));
  const updates = new Map(request.systems.map((system) => [system.name, system]));
  for (const system of stored.systems) {
    const update = updates.get(system.name);
    if (update === undefined) continue;
    takeNewCredentials(system, update);
    takeApplications(system, update);
  }
}

/** Takes over the `new` credentials of `update` where they are not the current ones. @returns whether there were any */
export function takeNewCredentials(system: System, update: System): boolean {
  const wanted = credentials(update, { isNew: true });
  const current = credentials(system);
  const isDifferent =
    (wanted.password !== undefined && wanted.password !== current.password) ||
    (wanted.publicKey !== undefined && wanted.publicKey !== current.publicKey) ||
    (wanted.privateKey !== undefined && wanted.privateKey !== current.privateKey);
  if (isDifferent) setCredentials(system, wanted, { isNew: true });
  return isDifferent;
}

/** `ansible.roles.x,1.0` and `ansible.roles.x,2.0` are the same application: names count up to the first comma. */
function baseName(application: Features): string {
  return (application.getText('name') ?? '').split(',', 1)[0] ?? '';
}

function takeApplications(system: System, update: System): void {
  const added = applications(update);
  if (added.length === 0) return;
  const byName = new Map(applications(system).map((application) => [baseName(application), application]));
  for (const application of added) byName.set(baseName(application), application.clone());
  const group = Features.of();
  for (const application of byName.values()) group.addContained(APPLICATIONS, application);
  const slot = group.slot(APPLICATIONS);
  if (slot !== undefined) system.features.putSlot(APPLICATIONS, slot);
}
