// SPDX-License-Identifier: Apache-2.0
// Finds a service in Keystone's catalogue (openstack.md §1.1).
import { ImError } from '../../domain/index.js';
import type { OpenStackCredential, ServiceName } from './credentials.js';

/** An entry of the catalogue. */
export interface CatalogEndpoint {
  readonly type: string;
  readonly name: string;
  readonly interface: string;
  readonly region: string;
  readonly url: string;
}

/** Types under which catalogues list a service, best first. */
const TYPES: Readonly<Record<ServiceName, readonly string[]>> = {
  compute: ['compute'],
  network: ['network'],
  image: ['image'],
  volume: ['volumev3', 'block-storage', 'block-store', 'volume', 'volumev2'],
};

const USUAL_REGION = 'RegionOne';

/**
 * URL of a service: the one given in the item, else the public one of the asked region; without an asked region the only one, else
 * RegionOne's, else the first.
 * @throws ImError `provider` when the catalogue has none
 */
export function serviceUrl(
  catalog: readonly CatalogEndpoint[],
  credential: OpenStackCredential,
  service: ServiceName,
): string {
  const fixed = credential.endpoints[service];
  if (fixed !== undefined) return fixed;
  const types = credential.serviceType === undefined ? TYPES[service] : [credential.serviceType, ...TYPES[service]];
  for (const type of types) {
    const offered = catalog.filter((endpoint) => endpoint.type === type && endpoint.interface === 'public');
    const named = offered.filter(({ name }) => name === credential.serviceName);
    // A name is a preference: catalogues of one cloud rarely hold two services of a type.
    const url = ofRegion(named.length > 0 ? named : offered, credential.region);
    if (url !== undefined) return url;
  }
  throw new ImError('provider', missingText(catalog, credential, service));
}

/** Does the cloud have this service at all? */
export function hasService(
  catalog: readonly CatalogEndpoint[],
  credential: OpenStackCredential,
  service: ServiceName,
): boolean {
  try {
    serviceUrl(catalog, credential, service);
    return true;
  } catch {
    return false;
  }
}

function ofRegion(endpoints: readonly CatalogEndpoint[], region: string | undefined): string | undefined {
  if (region !== undefined) return endpoints.find((endpoint) => endpoint.region === region)?.url;
  return (endpoints.find((endpoint) => endpoint.region === USUAL_REGION) ?? endpoints[0])?.url;
}

function missingText(
  catalog: readonly CatalogEndpoint[],
  { region }: OpenStackCredential,
  service: ServiceName,
): string {
  const regions = [...new Set(catalog.map((endpoint) => endpoint.region))].filter((name) => name !== '');
  const where = region === undefined ? '' : ` in region ${region}`;
  const known = regions.length === 0 ? '' : `; its regions are ${regions.join(', ')} (service_region)`;
  return `Could not find specified endpoint: the catalogue has no ${service} service${where}${known}.`;
}
