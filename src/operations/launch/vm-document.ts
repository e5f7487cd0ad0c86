// SPDX-License-Identifier: Apache-2.0
// Documents of single VMs, cut out of the request.
import { isFakeSystem, Radl, type System } from '../../radl/index.js';

/** What is stored with a VM: the request's networks and its one system. */
export function vmDocument(request: Radl, system: System): Radl {
  const document = Radl.empty();
  for (const network of request.networks) {
    document.add({ ...network, features: network.features.clone() });
  }
  document.add({ ...system, features: system.features.clone() });
  return document;
}

/** The same with the recipe, contextualize and deploy parts, as connectors (cloud-init) and AlterVM answers have it (core.md §1.2). */
export function withConfiguration(document: Radl, source: Radl): Radl {
  const full = document.clone();
  if (source.description !== undefined) {
    full.description = source.description;
  }
  for (const configure of source.configures) {
    full.add(configure, 'ignore');
  }
  full.contextualize = source.contextualize;
  for (const deploy of source.deploys) {
    if (!isFakeSystem(deploy.system)) {
      full.add(deploy);
    }
  }
  return full;
}
