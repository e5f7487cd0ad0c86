// SPDX-License-Identifier: Apache-2.0
// Provider ids: `<region>;<id>`, as the reference stores them (ec2.md §3.4).
import { ImError } from '../../domain/index.js';
import type { VmReference } from '../connector.js';
import { knownRegion } from './credentials.js';

/** Something of a region: an instance, a spot request, a network. */
export interface RegionalId {
  readonly region: string;
  readonly id: string;
}

/** @throws ImError `provider` when the text is no such id */
export function parseRegionalId(text: string): RegionalId {
  const [region = '', id = '', ...rest] = text.split(';');
  if (id === '' || rest.length > 0) throw new ImError('provider', `'${text}' is no id of EC2 (region;id).`);
  return { region: knownRegion(region), id };
}

/** `<region>;<id>`. */
export const regionalId = (region: string, id: string): string => `${region};${id}`;

/** Is it a spot request of the reference, which has no instance yet? */
export const isSpotRequest = ({ id }: RegionalId): boolean => id.startsWith('sir-');

/** The instance of a VM: for a spot request the one that fulfilled it, once that is known. */
export function instanceOf(vm: VmReference): RegionalId {
  const given = parseRegionalId(vm.providerId);
  const { instanceId } = vm.extra;
  return isSpotRequest(given) && typeof instanceId === 'string' ? { region: given.region, id: instanceId } : given;
}
