// SPDX-License-Identifier: Apache-2.0
// Completing the references of a new document from the stored one, and the fake systems that keep VMs together (spec radl 9.3).
import { type Configure, cloneAspect, createDeploy, createSystem } from './aspects.js';
import { checkRadl } from './check.js';
import { didYouMean } from './closest.js';
import { RadlError } from './error.js';
import { Features } from './features.js';
import { Radl } from './radl.js';

const FAKE_SYSTEM = 'F0000__FAKE_SYSTEM__';

/** Whether the system only exists to tie new VMs to the cloud of their private network; users never see it. */
export function isFakeSystem(name: string): boolean {
  return name.startsWith(FAKE_SYSTEM);
}

/**
 * Replaces, in place, each reference of `request` by the stored definition (it moves to the end of its list), adds a fake system
 * and deploy per network that lives in one cloud (`privateNetworks`: network id to cloud id), and checks the result.
 *
 * @throws RadlError for an unknown reference, or from the check
 */
export function completeRadl(request: Radl, stored: Radl, privateNetworks: ReadonlyMap<string, string>): void {
  completeList(request.networks, stored.networks, 'network', ({ id }) => id, cloneAspect);
  completeList(request.systems, stored.systems, 'system', ({ name }) => name, cloneAspect);
  completeList(
    request.configures,
    stored.configures,
    'configure',
    ({ name }) => name,
    (configure: Configure) => configure,
  );
  addFakeSystems(request, privateNetworks);
  checkRadl(request);
}

function completeList<T extends { readonly isReference: boolean }>(
  list: T[],
  stored: readonly T[],
  kind: string,
  idOf: (aspect: T) => string,
  copy: (aspect: T) => T,
): void {
  const references = list.filter((aspect) => aspect.isReference);
  if (references.length === 0) return;
  const definitions = new Map(stored.map((aspect) => [idOf(aspect), aspect]));
  const completed = references.map((reference) => {
    const id = idOf(reference);
    const definition = definitions.get(id);
    if (definition === undefined) {
      throw new RadlError(`Unknown reference in RADL to ${kind} '${id}'`, {
        found: `${kind} '${id}'`,
        hint: didYouMean(id, definitions.keys()) ?? `define ${kind} '${id}' in this document`,
      });
    }
    return copy(definition);
  });
  const defined = list.filter((aspect) => !aspect.isReference);
  list.length = 0;
  for (const aspect of [...defined, ...completed]) list.push(aspect);
}

function addFakeSystems(request: Radl, privateNetworks: ReadonlyMap<string, string>): void {
  let number = 0;
  for (const { id } of request.networks) {
    const cloud = privateNetworks.get(id);
    if (cloud === undefined) continue;
    const name = `${FAKE_SYSTEM}${number++}`;
    const features = Features.of();
    features.setText('net_interface.0.connection', id);
    request.add(createSystem(name, features), 'replace');
    request.add(createDeploy(name, 0, cloud));
  }
}

/** The document as users see it: without fake systems and their deploys. Shares aspects with the original. */
export function visibleRadl(radl: Radl): Radl {
  const visible = Radl.empty();
  if (radl.description !== undefined) visible.description = radl.description;
  for (const network of radl.networks) visible.networks.push(network);
  for (const host of radl.ansibleHosts) visible.ansibleHosts.push(host);
  for (const system of radl.systems) if (!isFakeSystem(system.name)) visible.systems.push(system);
  for (const configure of radl.configures) visible.configures.push(configure);
  for (const deploy of radl.deploys) if (!isFakeSystem(deploy.system)) visible.deploys.push(deploy);
  visible.contextualize = radl.contextualize;
  return visible;
}
