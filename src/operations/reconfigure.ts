// SPDX-License-Identifier: Apache-2.0
// The story of reconfigure: take over recipes, steps, credentials and applications, then configure again (core.md §19).
import { infrastructureNotFound } from '../domain/index.js';
import {
  credentials,
  deserializeRadl,
  type Features,
  mergeContextualize,
  type Radl,
  type System,
  setCredentials,
} from '../radl/index.js';
import { configureOperation, decodeConfigureRequest, resetForConfiguration } from './configure/trigger.js';
import type { OperationContext, OperationOutcome } from './context.js';

/** Merges the document of the request into the infrastructure's and starts a configuration. */
export async function reconfigure(context: OperationContext): Promise<OperationOutcome> {
  const { environment, operation, workspace } = context;
  const infrastructure = await environment.store.getInfrastructure(operation.infrastructureId);
  if (infrastructure === undefined) {
    return { ok: false, error: infrastructureNotFound() };
  }
  const document = deserializeRadl(String(operation.request.document ?? ''));
  const merged = mergeReconfiguration(infrastructure.radl, document);
  const vms = await environment.store.listVms(operation.infrastructureId);
  for (const vm of vms) {
    const wanted = document.getSystem(vm.systemName);
    if (wanted !== undefined) {
      await workspace.vms.update(vm.number, (present) => {
        const info = present.info.clone();
        const system = info.systems[0];
        return system !== undefined && takeNewCredentials(system, wanted) ? { info } : undefined;
      });
    }
  }
  return {
    ok: true,
    changes: [
      { kind: 'update-infrastructure', id: infrastructure.id, set: { radl: merged } },
      ...resetForConfiguration(infrastructure.id, vms),
    ],
    next: configureOperation(operation, { ...decodeConfigureRequest(operation), refreshRoles: true }),
  };
}

/** The infrastructure's document with the parts of a reconfigure document that count (radl.md §9.4). Pure. */
export function mergeReconfiguration(stored: Radl, document: Radl): Radl {
  const merged = stored.clone();
  for (const configure of document.configures) {
    merged.add(configure, 'replace');
  }
  merged.contextualize = mergeContextualize(merged.contextualize, document.contextualize);
  for (const system of merged.systems) {
    const wanted = document.getSystem(system.name);
    if (wanted !== undefined) {
      takeNewCredentials(system, wanted);
      takeApplications(system, wanted);
    }
  }
  return merged;
}

/** @returns whether something changed */
function takeNewCredentials(system: System, wanted: System): boolean {
  const { username: _username, ...fresh } = credentials(wanted, { isNew: true });
  const current = credentials(system);
  const isDifferent =
    (fresh.password ?? current.password) !== current.password ||
    (fresh.publicKey ?? current.publicKey) !== current.publicKey ||
    (fresh.privateKey ?? current.privateKey) !== current.privateKey;
  if (isDifferent) {
    setCredentials(system, fresh, { isNew: true });
  }
  return isDifferent;
}

/** Same base name (up to the first comma): replaced; others are added, also when there was none before (bug C24). */
function takeApplications(system: System, wanted: System): void {
  const additions = wanted.features.getContained('disk.0.applications');
  if (additions.size === 0) {
    return;
  }
  const baseName = (name: string): string => name.split(',', 1)[0] ?? name;
  const replaced = new Set([...additions.keys()].map(baseName));
  const kept: Features[] = [];
  for (const [name, application] of system.features.getContained('disk.0.applications')) {
    if (!replaced.has(baseName(name))) {
      kept.push(application);
    }
  }
  system.features.delete('disk.0.applications');
  for (const application of [...kept, ...additions.values()]) {
    system.features.addContained('disk.0.applications', application);
  }
}
