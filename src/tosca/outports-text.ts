// SPDX-License-Identifier: Apache-2.0
// PortSpec values as text of the RADL feature `outports` (spec tosca 8.5).
import type { Features } from '../radl/index.js';
import { ToscaError } from './error.js';
import { pythonText } from './python-text.js';
import { put } from './radl-feature.js';
import { asList, asMap, isTruthy, type Value } from './value.js';

/**
 * One port: `[<remote_cidr>-]<remote>/<proto>-<local>/<proto>`, or a range.
 *
 * @param absentSide what stands for a side that is not given; undefined: the other side
 * @throws ToscaError when neither source nor target is given
 */
export function portText(spec: Value, absentSide?: string): string {
  const port = asMap(spec);
  const text = (key: string): string | undefined => (isTruthy(port.get(key)) ? pythonText(port.get(key)) : undefined);
  const protocol = text('protocol') ?? 'tcp';
  const cidr = text('remote_cidr');
  const prefix = cidr === undefined ? '' : `${cidr}-`;
  const [from, to] = asList(port.get('source_range'));
  if (from !== undefined && to !== undefined) return `${prefix}${pythonText(from)}:${pythonText(to)}/${protocol}`;
  const source = text('source');
  const target = text('target');
  const remote = source ?? absentSide ?? target;
  const local = target ?? absentSide ?? source;
  if ((source === undefined && target === undefined) || remote === undefined || local === undefined) {
    throw new ToscaError('source or target port must be specified in PortSpec type.');
  }
  return `${prefix}${remote}/${protocol}-${local}/${protocol}`;
}

/** Appends ports to the `outports` of a network. */
export function addOutports(network: Features, ports: readonly string[]): void {
  if (ports.length === 0) return;
  const present = network.getText('outports');
  put(network, 'outports', [...(present ? [present] : []), ...ports].join(','));
}
