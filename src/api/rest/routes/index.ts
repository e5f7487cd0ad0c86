// SPDX-License-Identifier: Apache-2.0
// The route table of the REST API; where two paths match, the first one counts.
import type { Route } from '../route.js';
import { cloudRoutes } from './clouds.js';
import { desiredStateRoutes } from './desired-state.js';
import { eventRoutes } from './events.js';
import { infrastructureOperationRoutes } from './infrastructure-operations.js';
import { infrastructurePropertyRoutes } from './infrastructure-properties.js';
import { infrastructureRoutes } from './infrastructures.js';
import { leftoverRoutes } from './leftovers.js';
import { operationRoutes } from './operations.js';
import { revisionRoutes } from './revisions.js';
import { serviceRoutes } from './service.js';
import { vmRoutes } from './vms.js';

/** All routes. */
export const routes: readonly Route[] = [
  ...serviceRoutes,
  ...infrastructureRoutes,
  ...leftoverRoutes,
  ...operationRoutes,
  ...revisionRoutes,
  ...desiredStateRoutes,
  ...eventRoutes,
  ...infrastructurePropertyRoutes,
  ...infrastructureOperationRoutes,
  ...vmRoutes,
  ...cloudRoutes,
];
