// SPDX-License-Identifier: Apache-2.0
// Routes that need no credentials: the version, and the refusal of OAI-PMH (rest-api.md §9.21, 12).
import type { Produces } from '../accept.js';
import { RestProblem } from '../problem.js';
import type { Method, Route } from '../route.js';

const PLAIN: Produces = { defaultType: 'text/plain' };

/** The repository of templates is not served before templates are. */
function oaiRoute(method: Method): Route {
  return {
    method,
    path: '/oai',
    operationId: method === 'GET' ? 'OAI' : 'OAIPost',
    summary: 'OAI-PMH repository of the templates.',
    isPublic: true,
    produces: { defaultType: 'text/xml', ignoresAccept: true },
    errors: { prefix: 'Error getting metadata from TOSCA templates: ' },
    handle: async () => {
      throw new RestProblem(400, 'OAI-PMH not enabled.', { code: 'not-supported' });
    },
  };
}

export const serviceRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/version',
    operationId: 'GetVersion',
    summary: 'Version of the service.',
    isPublic: true,
    produces: PLAIN,
    errors: { prefix: 'Error getting IM version: ' },
    handle: async ({ manager }) => {
      const version = manager.version();
      return { kind: 'field', name: 'version', json: version, text: version };
    },
  },
  oaiRoute('GET'),
  oaiRoute('POST'),
];
