// SPDX-License-Identifier: Apache-2.0
// Routes that read one property of an infrastructure, and the change of its owners (rest-api.md §9.6, 9.10).
import { IM_TYPE, itemsFromObjects } from '../../../auth/index.js';
import { type AuthItem, errorText, failureToJson } from '../../../domain/index.js';
import { operationData, stateData } from '../../../manager/index.js';
import { printRadl } from '../../../radl/index.js';
import { JSON_ONLY, type Produces } from '../accept.js';
import type { ErrorRules } from '../error-rules.js';
import { bodyProblem, jsonMembers } from '../json-body.js';
import { flag } from '../parameters.js';
import { unknownPathElement } from '../problem.js';
import type { Route } from '../route.js';
import { array, field, mapOf, ref, TEXT } from '../schemas.js';
import { NOTHING } from './infrastructures.js';

const PLAIN: Produces = { defaultType: 'text/plain' };
const STRICT_JSON: Produces = { defaultType: 'application/json', isStrict: true };
const ERRORS: ErrorRules = { prefix: 'Error Getting Inf. prop: ' };

const HEADER_ONLY = flag('headeronly', false, 'Only the part of the log that concerns the infrastructure as a whole.');
const DELETE = flag('delete', false, 'Forget the infrastructure here after the export; its machines stay.');
const REASONS = flag('reasons', false, 'Say beside each state but `configured` what it is due to.');
const OVERWRITE = flag('overwrite', false, 'Replace all owners instead of adding one.');

const AUTH_DATA = 'auth data';

/**
 * The new owner in the body of a change.
 * @throws RestProblem 400; the text never shows what was sent
 */
function newOwnerItems(body: string): readonly AuthItem[] {
  const members = jsonMembers(body, AUTH_DATA);
  if (members === undefined) {
    throw bodyProblem('the body must be a JSON object with "username" and "password", or "token".', AUTH_DATA);
  }
  try {
    return itemsFromObjects([{ type: IM_TYPE, ...Object.fromEntries(members) }]);
  } catch (error) {
    throw bodyProblem(errorText(error), AUTH_DATA);
  }
}

/** As the reference lists them. */
const PROPERTIES = ['contmsg', 'radl', 'tosca', 'state', 'outputs', 'data', 'authorization'];

export const infrastructurePropertyRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/infrastructures/:infId/failures',
    operationId: 'GetInfrastructureFailures',
    summary: 'What of the infrastructure is not as asked for, why, and what can be done about it.',
    answer: field('failures', ref('FailureReport')),
    produces: JSON_ONLY,
    isPolled: true,
    errors: ERRORS,
    handle: async ({ manager, call, param }) => {
      const { state, configuration, failures, leftOut } = await manager.infrastructureFailures(call, param('infId'));
      const json = {
        state,
        ...(configuration && { configuration: operationData(configuration) }),
        list: failures.map(failureToJson),
        left_out: leftOut,
      };
      return { kind: 'field', name: 'failures', json };
    },
  },
  {
    method: 'GET',
    path: '/infrastructures/:infId/failures/bundle',
    operationId: 'GetInfrastructureFailureBundle',
    summary:
      'The failure report with document, operations and logs, without secrets: to be sent to whoever is asked for help.',
    answer: ref('FailureBundle'),
    produces: JSON_ONLY,
    headers: { 'Content-Disposition': 'A file name for it.' },
    errors: ERRORS,
    handle: async ({ manager, call, param }) => ({
      kind: 'json',
      json: await manager.failureBundle(call, param('infId')),
      headers: { 'Content-Disposition': 'attachment; filename="failure-bundle.json"' },
    }),
  },
  {
    method: 'GET',
    path: '/infrastructures/:infId/contmsg',
    operationId: 'GetInfrastructureContmsg',
    summary: 'Log of the configuration.',
    answer: field('contmsg', TEXT),
    parameters: [HEADER_ONLY],
    produces: PLAIN,
    isPolled: true,
    errors: ERRORS,
    handle: async ({ manager, call, param, get }) => {
      const log = await manager.infrastructureContMsg(call, param('infId'), get(HEADER_ONLY));
      return { kind: 'field', name: 'contmsg', json: log, text: log };
    },
  },
  {
    method: 'GET',
    path: '/infrastructures/:infId/radl',
    operationId: 'GetInfrastructureRADL',
    summary: 'RADL document of the infrastructure.',
    answer: field('radl', TEXT),
    produces: PLAIN,
    errors: ERRORS,
    handle: async ({ manager, call, param }) => {
      const radl = printRadl(await manager.infrastructureRadl(call, param('infId')));
      return { kind: 'field', name: 'radl', json: radl, text: radl };
    },
  },
  {
    method: 'GET',
    path: '/infrastructures/:infId/tosca',
    operationId: 'GetInfrastructureTOSCA',
    summary: 'TOSCA document of the infrastructure.',
    answer: field('tosca', TEXT),
    produces: PLAIN,
    errors: ERRORS,
    handle: async ({ manager, call, param }) => {
      const text = await manager.infrastructureTosca(call, param('infId'));
      return { kind: 'field', name: 'tosca', json: text, text };
    },
  },
  {
    method: 'GET',
    path: '/infrastructures/:infId/outputs',
    operationId: 'GetInfrastructureOutpus',
    summary: 'Outputs of the TOSCA document of the infrastructure.',
    answer: field('outputs', mapOf({})),
    produces: STRICT_JSON,
    errors: ERRORS,
    handle: async ({ manager, call, param }) => ({
      kind: 'field',
      name: 'outputs',
      json: await manager.infrastructureOutputs(call, param('infId')),
    }),
  },
  {
    method: 'GET',
    path: '/infrastructures/:infId/state',
    operationId: 'GetInfrastructureState',
    summary: 'State of the infrastructure and of each virtual machine.',
    answer: field('state', ref('InfrastructureState')),
    parameters: [REASONS],
    produces: STRICT_JSON,
    isPolled: true,
    errors: ERRORS,
    handle: async ({ manager, call, param, get }) => {
      if (get(REASONS)) {
        return { kind: 'field', name: 'state', json: stateData(await manager.explainedState(call, param('infId'))) };
      }
      const { state, vmStates } = await manager.infrastructureState(call, param('infId'));
      const vms = new Map([...vmStates].map(([number, vmState]) => [String(number), vmState]));
      return { kind: 'field', name: 'state', json: { state, vm_states: vms } };
    },
  },
  {
    method: 'GET',
    path: '/infrastructures/:infId/data',
    operationId: 'GetInfrastructureData',
    summary: 'The whole record of the infrastructure as JSON text, for import elsewhere.',
    answer: field('data', TEXT),
    parameters: [DELETE],
    produces: STRICT_JSON,
    errors: ERRORS,
    handle: async ({ manager, call, param, get }) => {
      const data = await manager.exportInfrastructure(call, param('infId'), { isDeleted: get(DELETE) });
      return { kind: 'field', name: 'data', json: data };
    },
  },
  {
    method: 'GET',
    path: '/infrastructures/:infId/authorization',
    operationId: 'GetInfrastructureOwners',
    summary: 'User names of the owners.',
    answer: field('authorization', array(TEXT)),
    produces: PLAIN,
    errors: ERRORS,
    handle: async ({ manager, call, param }) => {
      const owners = await manager.owners(call, param('infId'));
      return { kind: 'field', name: 'authorization', json: owners, text: owners.join('\n') };
    },
  },
  {
    method: 'POST',
    path: '/infrastructures/:infId/authorization',
    operationId: 'ChangeInfrastructureAuth',
    summary: 'Adds an owner, or replaces all owners by one.',
    parameters: [OVERWRITE],
    body: 'json',
    bodySchema: ref('NewOwner'),
    produces: NOTHING,
    errors: {
      prefix: 'Error modifying infrastructure owner: ',
      infrastructurePrefix: 'Error modifying infrastructure owners: ',
    },
    handle: async ({ manager, call, param, get, body }) => {
      const items = newOwnerItems(body.text);
      await manager.changeOwners(call, param('infId'), items, { isOverwrite: get(OVERWRITE) });
      return { kind: 'empty' };
    },
  },
  {
    method: 'GET',
    path: '/infrastructures/:infId/:property',
    operationId: 'GetUnknownInfrastructureProperty',
    summary: 'No such property.',
    produces: PLAIN,
    isFallback: true,
    errors: ERRORS,
    handle: async ({ param }) => {
      throw unknownPathElement('Incorrect infrastructure property', 'prop', param('property'), PROPERTIES);
    },
  },
];
