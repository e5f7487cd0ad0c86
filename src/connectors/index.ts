// SPDX-License-Identifier: Apache-2.0
// Door of the connectors room: the contract, the registry and the table of built-in cloud types.
import type { ConnectorType } from './connector.js';
import { deployedNodeType } from './deployed-node/connector.js';
import { dockerType } from './docker/connector.js';
import { dummyType } from './dummy/connector.js';
import { ec2Type } from './ec2/connector.js';
import { egiType } from './egi/connector.js';
import { openStackType } from './openstack/connector.js';

export * from './connector.js';
export { type ConnectorRegistry, createConnectorRegistry } from './registry.js';
export { noAuthData } from './shared/cloud-errors.js';

/** Every cloud type that this version can work with. */
export const builtInConnectorTypes: readonly ConnectorType[] = [
  deployedNodeType,
  dockerType,
  dummyType,
  ec2Type,
  egiType,
  openStackType,
];
