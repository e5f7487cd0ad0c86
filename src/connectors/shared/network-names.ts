// SPDX-License-Identifier: Apache-2.0
// Names of what is made for an infrastructure; administrators search for them (core.md §24.5).

/** Name of a network made for an infrastructure: `im-<infrastructure>-<network>`. */
export const providerNetworkName = (infrastructureId: string, networkId: string): string =>
  `im-${infrastructureId}-${networkId}`;

/** The same in Docker's spelling: `im_<infrastructure>_<network>`. */
export const dockerNetworkName = (infrastructureId: string, networkId: string): string =>
  `im_${infrastructureId}_${networkId}`;
