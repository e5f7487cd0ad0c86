// SPDX-License-Identifier: Apache-2.0
// The table of cloud types: makes connectors for credentials and finds the credential that serves a stored VM.
import { badRequest, type CloudCredential, type CloudReference } from '../domain/index.js';
import { nearestName } from '../util/nearest-name.js';
import type { CloudConnector, ConnectorEnvironment, ConnectorType } from './connector.js';
import { chooseCredential } from './shared/choose-credential.js';

/** Cloud types of the contract (auth.md §6) whose connectors are not part of this version. */
const TYPES_TO_COME: readonly string[] = [
  'Azure',
  'CloudStack',
  'FogBow',
  'GCE',
  'Kubernetes',
  'KubeVirt',
  'Lambda',
  'LibCloud',
  'Linode',
  'OCCI',
  'OSCAR',
  'OpenNebula',
  'Orange',
  'vSphere',
];

const LONGEST_TYPE = 15;

/** The clouds that this daemon can work with. */
export interface ConnectorRegistry {
  /** Is there a connector for this type? Types are case-sensitive. */
  has(type: string): boolean;
  /** Are machines of this type the user's own? */
  hasExistingHosts(type: string): boolean;
  /**
   * A connector bound to the credential; nothing is sent to the cloud yet.
   * @throws ImError `bad-request` for a type without connector (core.md §8) and for an item that lacks what the cloud needs
   */
  connect(cloud: CloudCredential): CloudConnector;
  /** The credential of a call that serves a VM whose cloud was stored, or undefined when none does (auth.md §7). */
  selectCredential(reference: CloudReference, clouds: readonly CloudCredential[]): CloudCredential | undefined;
}

/**
 * Makes the registry.
 * @param types the connectors; `connectors/index.ts` has the default table
 */
export function createConnectorRegistry(
  environment: ConnectorEnvironment,
  types: readonly ConnectorType[],
): ConnectorRegistry {
  const table = new Map(types.map((connectorType) => [connectorType.type, connectorType]));

  const lookUp = (type: string): ConnectorType => {
    const found = table.get(type);
    if (found !== undefined) return found;
    if (type.length > LONGEST_TYPE || type.includes('.')) throw badRequest('Not valid cloud provider.');
    throw badRequest(`Cloud provider not supported: ${type} (error: ${missingReason(type, table.keys())})`);
  };

  return {
    has: (type) => table.has(type),
    hasExistingHosts: (type) => table.get(type)?.hasExistingHosts === true,
    connect: (cloud) => {
      if (cloud.protocol === 'unix' && !environment.settings.allowsUnixSockets) {
        throw badRequest(`Cloud ${cloud.id} names a unix socket of this host, which ALLOW_UNIX_SOCKETS forbids.`);
      }
      return lookUp(cloud.type).connect(cloud, environment);
    },
    selectCredential: (reference, clouds) => {
      const ofType = clouds.filter((cloud) => cloud.type === reference.type);
      const selectItem = table.get(reference.type)?.selectItem;
      if (selectItem === undefined) return chooseCredential(reference, ofType);
      const items = ofType.map((cloud) => cloud.item);
      const item = selectItem(reference, items);
      return ofType.find((cloud) => cloud.item === item);
    },
  };
}

function missingReason(type: string, known: Iterable<string>): string {
  if (TYPES_TO_COME.includes(type)) return `the ${type} connector is not available in this version`;
  const similar = nearestName(type, [...known, ...TYPES_TO_COME]);
  return similar === undefined
    ? 'no such type is known'
    : `no such type is known; did you mean ${similar}? Types are case-sensitive`;
}
