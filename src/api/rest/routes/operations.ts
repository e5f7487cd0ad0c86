// SPDX-License-Identifier: Apache-2.0
// Routes of the journal: what was done to an infrastructure, and calling one of it off. Not in the reference.

import { operationData } from '../../../manager/index.js';
import { JSON_ONLY } from '../accept.js';
import { count } from '../parameters.js';
import type { Route } from '../route.js';
import { array, field, ref } from '../schemas.js';
import { INF_ID } from './infrastructures.js';

const OPERATIONS_LIMIT = count('limit', 1000, 'Only so many, the newest ones; default 100.');

export const operationRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/infrastructures/:infId/operations',
    operationId: 'GetInfrastructureOperations',
    summary: 'What was done to the infrastructure and how it ended, the newest first.',
    answer: field('operations', array(ref('Operation'))),
    parameters: [OPERATIONS_LIMIT],
    produces: JSON_ONLY,
    isPolled: true,
    errors: { prefix: 'Error Getting Inf. prop: ' },
    handle: async ({ manager, call, param, get }) => {
      const operations = await manager.listOperations(call, param('infId'), get(OPERATIONS_LIMIT) ?? 100);
      return { kind: 'field', name: 'operations', json: operations.map(operationData) };
    },
  },
  {
    method: 'GET',
    path: '/infrastructures/:infId/operations/:operationId',
    operationId: 'GetInfrastructureOperation',
    summary: 'One operation and how far it is.',
    answer: field('operation', ref('Operation')),
    produces: JSON_ONLY,
    isPolled: true,
    errors: { prefix: 'Error Getting Inf. prop: ' },
    handle: async ({ manager, call, param }) => {
      const operation = await manager.getOperation(call, param('infId'), param('operationId'));
      return { kind: 'field', name: 'operation', json: operationData(operation) };
    },
  },
  {
    method: 'PUT',
    path: '/infrastructures/:infId/operations/:operationId/cancel',
    operationId: 'CancelInfrastructureOperation',
    summary: 'Calls off an operation that waits, a running configuration, or a running add with what it launched.',
    answer: field('operation', ref('Operation')),
    headers: INF_ID,
    isBlocking: true,
    produces: JSON_ONLY,
    errors: { prefix: 'Error cancelling the operation: ' },
    handle: async ({ manager, call, param }) => {
      const infrastructureId = param('infId');
      const operation = await manager.cancelOperation(call, infrastructureId, param('operationId'));
      return {
        kind: 'field',
        name: 'operation',
        json: operationData(operation),
        headers: { InfID: infrastructureId },
      };
    },
  },
];
