// SPDX-License-Identifier: Apache-2.0
// Routes that act on all machines of an infrastructure: reconfigure, start, stop (rest-api.md §9.8, 9.9).
import { parseDocument } from '../document-body.js';
import { parsed } from '../parameters.js';
import { RestProblem, unknownPathElement } from '../problem.js';
import type { Route } from '../route.js';
import { INF_ID, NOTHING } from './infrastructures.js';

const readVmList = (list: string): readonly number[] =>
  list.split(',').map((id) => {
    if (!/^\s*[+-]?\d{1,9}\s*$/.test(id)) throw new RestProblem(400, 'Incorrect vm_list format.');
    return Number(id);
  });

const VM_LIST = parsed(
  'vm_list',
  'Ids of the machines to configure, separated by commas; default: all.',
  readVmList,
  '^([+-]?\\d{1,9}(,[+-]?\\d{1,9})*)?$',
);

function powerRoute(operation: 'start' | 'stop', operationId: string): Route {
  return {
    method: 'PUT',
    path: `/infrastructures/:infId/${operation}`,
    operationId,
    summary: `${operation === 'start' ? 'Starts' : 'Stops'} all virtual machines.`,
    isBlocking: true,
    produces: NOTHING,
    errors: { prefix: `Error in ${operation} operation: ` },
    handle: async ({ manager, call, param }) => {
      if (operation === 'start') await manager.startInfrastructure(call, param('infId'));
      else await manager.stopInfrastructure(call, param('infId'));
      return { kind: 'empty' };
    },
  };
}

export const infrastructureOperationRoutes: readonly Route[] = [
  {
    method: 'PUT',
    path: '/infrastructures/:infId/reconfigure',
    operationId: 'ReconfigureInfrastructure',
    summary: 'Configures the machines again, with a changed document or without.',
    parameters: [VM_LIST],
    headers: INF_ID,
    body: 'document',
    isBlocking: true,
    produces: NOTHING,
    errors: { prefix: 'Error reconfiguring infrastructure: ' },
    handle: async ({ manager, call, param, get, body }) => {
      const infrastructureId = param('infId');
      await manager.reconfigure(call, infrastructureId, parseDocument(body), get(VM_LIST));
      return { kind: 'empty', headers: { InfID: infrastructureId } };
    },
  },
  powerRoute('start', 'StartInfrastructure'),
  powerRoute('stop', 'StopInfrastructure'),
  {
    method: 'PUT',
    path: '/infrastructures/:infId/:operation',
    operationId: 'UnknownInfrastructureOperation',
    summary: 'No such operation.',
    produces: NOTHING,
    isFallback: true,
    errors: { prefix: '' },
    handle: async ({ param }) => {
      throw unknownPathElement('Operation not found', 'op', param('operation'), ['reconfigure', 'start', 'stop']);
    },
  },
];
