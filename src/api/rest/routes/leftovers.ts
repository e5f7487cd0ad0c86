// SPDX-License-Identifier: Apache-2.0
// Routes of leftovers, for administrators, and of taking a machine over. Not in the reference.

import type { CloudReference, JsonObject } from '../../../domain/index.js';
import { JSON_ONLY } from '../accept.js';
import { bodyProblem, jsonMembers } from '../json-body.js';
import { parsed } from '../parameters.js';
import type { Route } from '../route.js';
import { array, field, ref } from '../schemas.js';
import { INF_ID, infrastructureUrl } from './infrastructures.js';

const DELETE = parsed(
  'delete',
  'Ids at the provider, separated by commas, of orphans to delete. Name only what is yours: another service may use the same account.',
  (list) =>
    list
      .split(',')
      .map((id) => id.trim())
      .filter((id) => id !== ''),
);

const cloudJson = ({ id, type, server }: CloudReference): JsonObject => ({ id, type, server });

/** The machine in the body of an adoption. @throws RestProblem 400 */
function machine(body: string): { readonly cloudId: string; readonly providerId: string; readonly systemName: string } {
  const members = jsonMembers(body);
  const [cloudId, providerId, systemName] = ['cloud', 'machine', 'system'].map((name) => members?.get(name));
  if (typeof cloudId === 'string' && typeof providerId === 'string' && typeof systemName === 'string') {
    if (members?.size === 3 && providerId !== '') return { cloudId, providerId, systemName };
  }
  throw bodyProblem('it must be {"cloud": "id of a cloud", "machine": "its id there", "system": "name of a system"}.');
}

export const leftoverRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/leftovers',
    operationId: 'GetLeftovers',
    summary: 'For administrators: what may still exist at providers, by the ledger. No provider is asked.',
    answer: field('leftovers', array(ref('Leftover'))),
    produces: JSON_ONLY,
    errors: { prefix: 'Error Getting leftovers: ' },
    handle: async ({ manager, call }) => {
      const found = await manager.leftovers(call);
      const json = found.flatMap(({ infrastructureId, whereabouts, resources }) =>
        resources.map(({ kind, state, cloud, providerId, token, createdAt }) => ({
          infrastructure: infrastructureId,
          infrastructure_is: whereabouts,
          kind,
          state,
          cloud: cloudJson(cloud),
          ...(providerId !== null && { provider_id: providerId }),
          token,
          since: new Date(createdAt).toISOString(),
        })),
      );
      return { kind: 'field', name: 'leftovers', json };
    },
  },
  {
    method: 'PUT',
    path: '/leftovers/sweep',
    operationId: 'SweepLeftovers',
    summary:
      'For administrators: searches the clouds of the credentials for machines with our marks that are in no row.',
    answer: field('sweep', ref('Sweep')),
    parameters: [DELETE],
    isBlocking: true,
    produces: JSON_ONLY,
    errors: { prefix: 'Error searching for leftovers: ' },
    handle: async ({ manager, call, get }) => {
      const { orphans, marked, problems } = await manager.sweepLeftovers(call, get(DELETE) ?? []);
      const json = {
        marked,
        orphans: orphans.map(({ cloud, providerId, token, infrastructureId, reason, outcome }) => ({
          cloud: cloudJson(cloud),
          provider_id: providerId,
          token,
          infrastructure: infrastructureId,
          reason,
          ...(outcome !== undefined && { outcome: outcome === 'deleted' ? outcome : `failed: ${outcome.failure}` }),
        })),
        problems: problems.map(({ cloud, text }) => ({ cloud: cloudJson(cloud), text })),
      };
      return { kind: 'field', name: 'sweep', json };
    },
  },
  {
    method: 'PUT',
    path: '/infrastructures/:infId/adopt',
    operationId: 'AdoptVM',
    summary: 'Takes a machine that a cloud of the caller has already into the infrastructure. Nothing is done to it.',
    answer: ref('Uri'),
    body: 'json',
    bodySchema: ref('Adoption'),
    headers: INF_ID,
    isBlocking: true,
    produces: { defaultType: 'text/uri-list' },
    errors: { prefix: 'Error adopting the machine: ' },
    handle: async (context) => {
      const infrastructureId = context.param('infId');
      const number = await context.manager.adoptVm(context.call, infrastructureId, machine(context.body.text));
      return {
        kind: 'uri',
        uri: `${infrastructureUrl(context, infrastructureId)}/vms/${number}`,
        headers: { InfID: infrastructureId },
      };
    },
  },
];
