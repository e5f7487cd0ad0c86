// SPDX-License-Identifier: Apache-2.0
// Where the tunnels of machines end on their master (core.md §23.5).
const FIRST_TUNNEL_PORT = 20_000;

/** Port of the master from which the tunnel of this VM leads back to it. */
export const tunnelPort = (vmNumber: number): number => FIRST_TUNNEL_PORT + vmNumber;
