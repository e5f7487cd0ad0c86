// SPDX-License-Identifier: Apache-2.0
// The one system that a VM's document holds.
import { ImError } from '../../domain/index.js';
import type { Radl, System } from '../../radl/index.js';

/**
 * The system of a VM's document.
 * @throws ImError `internal` when the document has none, which would be a defect of the caller
 */
export function systemOf(document: Radl): System {
  const system = document.systems[0];
  if (system === undefined) throw new ImError('internal', 'The document of the VM holds no system.');
  return system;
}
