// SPDX-License-Identifier: Apache-2.0
// Outports as the RADL corpus writes them.
import type { Outport } from '../../src/radl/index.js';

/** The list, or null when there is none. */
export function outportsResult(list: readonly Outport[] | undefined): unknown {
  if (list === undefined) return null;
  return list.map(({ remotePort, localPort, protocol, isRange, remoteCidr }) => ({
    port_init: remotePort,
    port_end: localPort,
    protocol,
    range: isRange,
    remote_cidr: remoteCidr ?? null,
    effective_cidr: remoteCidr ?? '0.0.0.0/0',
  }));
}
