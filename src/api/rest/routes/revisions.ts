// SPDX-License-Identifier: Apache-2.0
// Routes of accepted documents: list, show, restore. Not in the reference.

import type { JsonObject } from '../../../domain/index.js';
import type { RevisionSummary } from '../../../manager/index.js';
import { JSON_ONLY } from '../accept.js';
import { flag } from '../parameters.js';
import { RestProblem } from '../problem.js';
import type { Route } from '../route.js';
import { array, field, ref } from '../schemas.js';
import { CONTEXT, INF_ID } from './infrastructures.js';

const DRY_RUN = flag('dry_run', false, 'Only say what would change.');
const ERRORS = { prefix: 'Error Getting Inf. prop: ' };

function shown({ number, kind, operationId, createdAt }: RevisionSummary): JsonObject {
  return { number, kind, operation: operationId, created: new Date(createdAt).toISOString() };
}

/** @throws RestProblem 404 for what is no number */
function revisionNumber(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new RestProblem(404, 'Incorrect revision: it must be a number of 1 or more.', { code: 'not-found' });
}

export const revisionRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/infrastructures/:infId/revisions',
    operationId: 'GetInfrastructureRevisions',
    summary: 'The documents that were accepted for the infrastructure, the newest first.',
    answer: field('revisions', array(ref('Revision'))),
    produces: JSON_ONLY,
    isPolled: true,
    errors: ERRORS,
    handle: async ({ manager, call, param }) => {
      const revisions = await manager.listRevisions(call, param('infId'));
      return { kind: 'field', name: 'revisions', json: revisions.map(shown) };
    },
  },
  {
    method: 'GET',
    path: '/infrastructures/:infId/revisions/:revision',
    operationId: 'GetInfrastructureRevision',
    summary: 'One accepted document.',
    answer: field('revision', ref('Revision')),
    produces: JSON_ONLY,
    errors: ERRORS,
    handle: async ({ manager, call, param }) => {
      const revision = await manager.getRevision(call, param('infId'), revisionNumber(param('revision')));
      return { kind: 'field', name: 'revision', json: { ...shown(revision), document: revision.text } };
    },
  },
  {
    method: 'PUT',
    path: '/infrastructures/:infId/revisions/:revision/restore',
    operationId: 'RestoreInfrastructureRevision',
    summary: 'Makes the infrastructure again what it was asked to be at a revision: removes, launches, configures.',
    answer: field('restore', ref('RestorePlan')),
    parameters: [DRY_RUN, CONTEXT],
    headers: INF_ID,
    isBlocking: true,
    produces: JSON_ONLY,
    errors: { prefix: 'Error restoring the revision: ' },
    handle: async ({ manager, call, param, get }) => {
      const infrastructureId = param('infId');
      const isDryRun = get(DRY_RUN);
      const plan = await manager.restoreRevision(call, infrastructureId, revisionNumber(param('revision')), {
        isDryRun,
        isContextualized: get(CONTEXT),
      });
      const { added, removed, isReconfigured } = plan;
      return {
        kind: 'field',
        name: 'restore',
        json: { add: added, remove: removed, reconfigure: isReconfigured, dry_run: isDryRun },
        ...(!isDryRun && { headers: { InfID: infrastructureId } }),
      };
    },
  },
];
