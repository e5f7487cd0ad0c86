// SPDX-License-Identifier: Apache-2.0
// Door of the reverse tunnels: where they lead, and with which keys machines may open them.
export { createTunnelKeys, type TunnelKeys, type TunnelPlace } from './tunnel-keys.js';
export { tunnelPort } from './tunnel-port.js';
export { type TunnelTarget, tunnelTargetOf, tunnelToHost, tunnelToMaster } from './tunnel-target.js';
