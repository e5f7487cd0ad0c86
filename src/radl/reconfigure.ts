// SPDX-License-Identifier: Apache-2.0
// Taking over new recipes, credentials and applications when an infrastructure is configured again (spec radl 9.4).
import { loadYaml, YamlError } from '../yaml.js';
import { applications } from './application.js';
import type { Configure, System } from './aspects.js';
import { cloneContextualize, mergeContextualize } from './contextualize.js';
import { credentials, setCredentials } from './credentials.js';
import { RadlError } from './error.js';
import { Features } from './features.js';
import { replaceNamed } from './merge.js';
import type { Radl } from './radl.js';

const APPLICATIONS = 'disk.0.applications';

/**
 * Applies to `stored`, in place, what a reconfiguration may change: configures are replaced, contextualize is merged, systems of
 * the same name get new credentials and applications. Networks, deploys and other features are ignored; nothing is checked but
 * the recipes.
 *
 * @returns names of the systems whose machines must change their credentials
 * @throws RadlError `Error parsing YAML: ...`; `stored` is then as before
 */
export function reconfigureRadl(stored: Radl, request: Radl): readonly string[] {
  for (const configure of request.configures) checkRecipe(configure);
  replaceNamed(
    stored.configures,
    request.configures.filter((configure) => !configure.isReference),
  );
  stored.contextualize = mergeContextualize(stored.contextualize, cloneContextualize(request.contextualize));
  const updates = new Map(request.systems.map((system) => [system.name, system]));
  const changed: string[] = [];
  for (const system of stored.systems) {
    const update = updates.get(system.name);
    if (update === undefined) continue;
    if (takeNewCredentials(system, update)) changed.push(system.name);
    takeApplications(system, update);
  }
  return changed;
}

function checkRecipe({ name, recipe }: Configure): void {
  if (!recipe) return;
  try {
    loadYaml(recipe);
  } catch (error) {
    if (!(error instanceof YamlError)) throw error;
    throw new RadlError(`Error parsing YAML: ${error.message}`, { found: `the recipe of configure '${name}'` });
  }
}

function takeNewCredentials(system: System, update: System): boolean {
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
