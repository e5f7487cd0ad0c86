// SPDX-License-Identifier: Apache-2.0
// Which networks of a document are public (spec radl 12.1).
import type { Network } from './aspects.js';
import type { Radl } from './radl.js';

/** Whether `outbound` is exactly `yes`; `YES`, `no`, nothing and references are private. */
export function isPublicNetwork(network: Network): boolean {
  return network.features.getText('outbound') === 'yes';
}

/** The last public network of the document: the one whose outports count (spec radl 12.4). */
export function lastPublicNetwork(radl: Radl): Network | undefined {
  return radl.networks.findLast(isPublicNetwork);
}
