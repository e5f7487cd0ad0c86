// SPDX-License-Identifier: Apache-2.0
// Routes of infrastructures as a whole: list, create, import, members, add, destroy (rest-api.md §9.1-9.5, 9.7).
import { importText } from '../../import-text.js';
import type { Produces } from '../accept.js';
import { parseDocument } from '../document-body.js';
import { flag, text } from '../parameters.js';
import type { Route, RouteContext } from '../route.js';

const URI_LIST: Produces = { defaultType: 'text/uri-list' };
/** Answers of operations that say nothing: whatever Accept wants. */
export const NOTHING: Produces = { defaultType: 'text/plain', ignoresAccept: true };

const FILTER = text(
  'filter',
  'Regular expression searched in the RADL and TOSCA texts; the list holds only those that match.',
);
const ASYNC = flag('async', false, 'Answer at once and work in the background.');
const DRY_RUN = flag('dry_run', false, 'Only estimate the resources; nothing is created.');
const FORCE = flag('force', false, 'Forget the infrastructure even if some of its resources cannot be deleted.');
/** Shared by adding and removing. */
export const CONTEXT = flag('context', true, 'Configure the machines afterwards.');

/** URL of an infrastructure. */
export const infrastructureUrl = (context: RouteContext, infrastructureId: string): string =>
  `${context.baseUrl}/infrastructures/${encodeURIComponent(infrastructureId)}`;

/** URLs of VMs of the infrastructure in the path. */
export function vmUrls(context: RouteContext, numbers: readonly number[]): readonly string[] {
  const base = infrastructureUrl(context, context.param('infId'));
  return numbers.map((number) => `${base}/vms/${number}`);
}

export const infrastructureRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/infrastructures',
    operationId: 'GetInfrastructures',
    summary: 'URIs of the infrastructures of the caller, newest first.',
    parameters: [FILTER],
    produces: URI_LIST,
    isPolled: true,
    errors: { prefix: 'Error Getting Inf. List: ', statuses: { unauthorized: 400 } },
    handle: async (context) => {
      const ids = await context.manager.listInfrastructures(context.call, context.get(FILTER));
      return { kind: 'uris', uris: ids.map((id) => infrastructureUrl(context, id)) };
    },
  },
  {
    method: 'POST',
    path: '/infrastructures',
    operationId: 'CreateInfrastructure',
    summary: 'Creates, launches and configures an infrastructure; with dry_run only estimates it.',
    parameters: [ASYNC, DRY_RUN],
    body: 'document',
    isBlocking: true,
    produces: (get) => (get(DRY_RUN) ? { defaultType: 'application/json' } : URI_LIST),
    errors: { prefix: 'Error Creating Inf.: ', statuses: { unauthorized: 400 } },
    handle: async (context) => {
      const document = parseDocument(context.body);
      if (context.get(DRY_RUN)) return { kind: 'json', json: await context.manager.estimate(context.call, document) };
      const options = { isAsync: context.get(ASYNC) };
      const { infrastructureId } = await context.manager.createInfrastructure(context.call, document, options);
      return { kind: 'uri', uri: infrastructureUrl(context, infrastructureId), headers: { InfID: infrastructureId } };
    },
  },
  {
    method: 'PUT',
    path: '/infrastructures',
    operationId: 'Importfrastructure',
    summary: 'Imports an infrastructure that another service exported; the caller becomes its owner.',
    body: 'json',
    produces: URI_LIST,
    errors: { prefix: 'Error Importing Inf.: ' },
    handle: async (context) => {
      const { infrastructureId } = await context.manager.importInfrastructure(
        context.call,
        importText(context.body.text),
      );
      return { kind: 'uri', uri: infrastructureUrl(context, infrastructureId) };
    },
  },
  {
    method: 'GET',
    path: '/infrastructures/:infId',
    operationId: 'GetVMList',
    summary: 'URIs of the virtual machines of an infrastructure.',
    produces: URI_LIST,
    isPolled: true,
    errors: { prefix: 'Error Getting Inf. info: ' },
    handle: async (context) => {
      const numbers = await context.manager.listVms(context.call, context.param('infId'));
      return { kind: 'uris', uris: vmUrls(context, numbers) };
    },
  },
  {
    method: 'POST',
    path: '/infrastructures/:infId',
    operationId: 'AddResources',
    summary: 'Adds the virtual machines that the document deploys.',
    parameters: [CONTEXT],
    body: 'document',
    isBlocking: true,
    produces: URI_LIST,
    errors: {
      prefix: 'Error Adding resources: ',
      statuses: { 'vm-not-found': 400, 'vm-deleted': 400 },
    },
    handle: async (context) => {
      const infrastructureId = context.param('infId');
      const isContextualized = context.get(CONTEXT);
      const document = parseDocument(context.body);
      const { vmNumbers } = await context.manager.addResources(context.call, infrastructureId, document, {
        isContextualized,
      });
      const uris = vmUrls(context, vmNumbers);
      return isContextualized ? { kind: 'uris', uris, headers: { InfID: infrastructureId } } : { kind: 'uris', uris };
    },
  },
  {
    method: 'DELETE',
    path: '/infrastructures/:infId',
    operationId: 'DestroyInfrastructure',
    summary: 'Destroys an infrastructure with all its virtual machines.',
    parameters: [FORCE, ASYNC],
    isBlocking: true,
    produces: NOTHING,
    errors: { prefix: 'Error Destroying Inf: ' },
    handle: async (context) => {
      await context.manager.destroyInfrastructure(context.call, context.param('infId'), {
        isForced: context.get(FORCE),
        isAsync: context.get(ASYNC),
      });
      return { kind: 'empty' };
    },
  },
];
