// SPDX-License-Identifier: Apache-2.0
// Routes that need no credentials: the version, and the OAI-PMH repository (rest-api.md §9.21, 12).
import type { Produces } from '../accept.js';
import { formFields } from '../document-body.js';
import { RestProblem } from '../problem.js';
import type { Method, Route } from '../route.js';
import { field, TEXT } from '../schemas.js';

const PLAIN: Produces = { defaultType: 'text/plain' };

function oaiRoute(method: Method): Route {
  return {
    method,
    path: '/oai',
    operationId: method === 'GET' ? 'OAI' : 'OAIPost',
    summary: 'OAI-PMH repository of the templates.',
    isPublic: true,
    ...(method === 'POST' && { body: 'form' as const }),
    produces: { defaultType: 'text/xml', ignoresAccept: true },
    errors: { prefix: 'Error getting metadata from TOSCA templates: ' },
    handle: async ({ oai, query, body, baseUrl }) => {
      if (!oai) throw new RestProblem(400, 'OAI-PMH not enabled.', { code: 'not-supported' });
      const parameters = new URLSearchParams([...query, ...formFields(body)]);
      const text = await oai.answer(parameters, `${baseUrl}/oai`);
      return { kind: 'raw', type: 'text/xml; charset=utf-8', text };
    },
  };
}

export const serviceRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/version',
    operationId: 'GetVersion',
    summary: 'Version of the service.',
    answer: field('version', TEXT),
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
