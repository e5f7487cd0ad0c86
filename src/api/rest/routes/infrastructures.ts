// SPDX-License-Identifier: Apache-2.0
// Routes of infrastructures as a whole: list, create, import, members, add, destroy (rest-api.md §9.1-9.5, 9.7).

import type { ListPage } from '../../../manager/manager.js';
import { importText } from '../../import-text.js';
import type { Produces } from '../accept.js';
import { parseDocument } from '../document-body.js';
import { count, flag, text } from '../parameters.js';
import { RestProblem } from '../problem.js';
import type { Route, RouteContext } from '../route.js';
import { ref } from '../schemas.js';

const URI_LIST: Produces = { defaultType: 'text/uri-list' };
/** Answers of operations that say nothing: whatever Accept wants. */
export const NOTHING: Produces = { defaultType: 'text/plain', ignoresAccept: true };

const FILTER = text(
  'filter',
  'Regular expression searched in the RADL and TOSCA texts; the list holds only those that match.',
);
const LIMIT = count('limit', 10_000, 'Only so many; the header Link then leads to the next ones.');
const AFTER = text('after', 'Where the page before ended, out of its Link header.');
const LINK = { Link: 'The next page, when `limit` cuts the list: `<URL>; rel="next"`.' };
const ASYNC = flag('async', false, 'Answer at once and work in the background.');
const DRY_RUN = flag('dry_run', false, 'Only estimate the resources; nothing is created.');
const FORCE = flag('force', false, 'Forget the infrastructure even if some of its resources cannot be deleted.');
/** Shared by adding and removing. */
export const CONTEXT = flag('context', true, 'Configure the machines afterwards.');

/** Header by which proxies send later requests to the same daemon. */
export const INF_ID = { InfID: 'Id of the infrastructure.' };

/** URL of an infrastructure. */
export const infrastructureUrl = (context: RouteContext, infrastructureId: string): string =>
  `${context.baseUrl}/infrastructures/${encodeURIComponent(infrastructureId)}`;

/** URLs of VMs of the infrastructure in the path. */
function vmUrls(context: RouteContext, numbers: readonly number[]): readonly string[] {
  const base = infrastructureUrl(context, context.param('infId'));
  return numbers.map((number) => `${base}/vms/${number}`);
}

/** The header that leads to the next page of the list at this URL. */
function nextPage(url: string, query: URLSearchParams, cursor: string): Readonly<Record<string, string>> {
  const next = new URLSearchParams(query);
  next.set(AFTER.name, cursor);
  return { Link: `<${url}?${next}>; rel="next"` };
}

/** The VM number in the cursor of a page of VMs. @throws RestProblem 400 */
function vmCursor(text: string): number {
  const decoded = Buffer.from(text.slice(0, 20), 'base64url').toString('utf8');
  if (/^\d{1,9}$/.test(decoded)) return Number(decoded);
  throw new RestProblem(400, 'Incorrect value in after parameter: it must be that of the link to the next page.');
}

export const infrastructureRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/infrastructures',
    operationId: 'GetInfrastructures',
    summary: 'URIs of the infrastructures of the caller, newest first.',
    answer: ref('UriList'),
    parameters: [FILTER, LIMIT, AFTER],
    headers: LINK,
    produces: URI_LIST,
    isPolled: true,
    errors: { prefix: 'Error Getting Inf. List: ', statuses: { unauthorized: 400 } },
    handle: async (context) => {
      const { manager, call, get } = context;
      const [limit, after, filter] = [get(LIMIT), get(AFTER), get(FILTER)];
      const { ids, next }: ListPage =
        limit === undefined && after === undefined
          ? { ids: await manager.listInfrastructures(call, filter) }
          : await manager.listInfrastructurePage(call, { limit: limit ?? Number.MAX_SAFE_INTEGER, after, filter });
      const uris = ids.map((id) => infrastructureUrl(context, id));
      if (next === undefined) return { kind: 'uris', uris };
      return { kind: 'uris', uris, headers: nextPage(`${context.baseUrl}/infrastructures`, context.query, next) };
    },
  },
  {
    method: 'POST',
    path: '/infrastructures',
    operationId: 'CreateInfrastructure',
    summary: 'Creates, launches and configures an infrastructure; with dry_run only estimates it.',
    answer: { anyOf: [ref('Uri'), ref('Estimation')] },
    parameters: [ASYNC, DRY_RUN],
    body: 'document',
    takesIdempotencyKey: true,
    headers: INF_ID,
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
    answer: ref('Uri'),
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
    parameters: [LIMIT, AFTER],
    headers: LINK,
    answer: ref('UriList'),
    produces: URI_LIST,
    isPolled: true,
    errors: { prefix: 'Error Getting Inf. info: ' },
    handle: async (context) => {
      const { get, query } = context;
      const [limit = Number.MAX_SAFE_INTEGER, after] = [get(LIMIT), get(AFTER)];
      const last = after === undefined ? -1 : vmCursor(after);
      const numbers = await context.manager.listVms(context.call, context.param('infId'));
      const rest = numbers.filter((number) => number > last);
      const page = rest.slice(0, limit);
      const uris = vmUrls(context, page);
      if (page.length === rest.length) return { kind: 'uris', uris };
      const cursor = Buffer.from(String(page.at(-1)), 'utf8').toString('base64url');
      return {
        kind: 'uris',
        uris,
        headers: nextPage(infrastructureUrl(context, context.param('infId')), query, cursor),
      };
    },
  },
  {
    method: 'POST',
    path: '/infrastructures/:infId',
    operationId: 'AddResources',
    summary: 'Adds the virtual machines that the document deploys.',
    answer: ref('UriList'),
    parameters: [CONTEXT],
    body: 'document',
    takesIdempotencyKey: true,
    headers: INF_ID,
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
