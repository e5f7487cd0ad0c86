// SPDX-License-Identifier: Apache-2.0
// Route of the desired state: start or stop what does not run or runs. Not in the reference.
import type { DesiredState } from '../../../manager/index.js';
import { bodyProblem, jsonMembers } from '../json-body.js';
import { flag } from '../parameters.js';
import type { Route } from '../route.js';
import { field, ref } from '../schemas.js';
import { INF_ID } from './infrastructures.js';

const ASYNC = flag('async', false, 'Answer at once and work in the background.');
const DRY_RUN = flag('dry_run', false, 'Only say what would change.');

/** @throws RestProblem 400 */
function desiredState(body: string): DesiredState {
  const members = jsonMembers(body);
  const value = members?.get('desiredState');
  if (members?.size === 1 && (value === 'STARTED' || value === 'STOPPED')) return value;
  throw bodyProblem('it must be {"desiredState": "STARTED"} or {"desiredState": "STOPPED"}.');
}

export const desiredStateRoutes: readonly Route[] = [
  {
    method: 'PATCH',
    path: '/infrastructures/:infId',
    operationId: 'PatchInfrastructure',
    summary: 'Starts or stops the virtual machines that are not in the desired state.',
    answer: field('patch', ref('DesiredStatePlan')),
    parameters: [ASYNC, DRY_RUN],
    body: 'json',
    bodySchema: ref('DesiredState'),
    headers: INF_ID,
    isBlocking: true,
    produces: { defaultType: 'application/json' },
    errors: { prefix: 'Error changing the desired state: ' },
    handle: async ({ manager, call, param, get, body }) => {
      const infrastructureId = param('infId');
      const wanted = desiredState(body.text);
      const isDryRun = get(DRY_RUN);
      const options = { isDryRun, isAsync: get(ASYNC) };
      const { changed, unchanged, operationId } = await manager.setDesiredState(
        call,
        infrastructureId,
        wanted,
        options,
      );
      return {
        kind: 'field',
        name: 'patch',
        json: { desiredState: wanted, change: changed, keep: unchanged, dry_run: isDryRun, operation: operationId },
        headers: { InfID: infrastructureId },
      };
    },
  },
];
