// SPDX-License-Identifier: Apache-2.0
// The description of the API (OpenAPI), made from the route table, and a page that shows it to people (rest-api.md §10).
import type { Produces } from './accept.js';
import { escapeHtml } from './error-body.js';
import { type Exchange, sendReply } from './exchange.js';
import type { PageHandler } from './probes.js';
import { type ParameterReader, type Route, templatePath } from './route.js';
import { routes } from './routes/index.js';

type Json = string | number | boolean | readonly Json[] | { readonly [key: string]: Json };

const listed: readonly Route[] = routes.filter((route) => !route.isFallback);

const DEFAULTS = new URLSearchParams();

/** What a route answers with when all its parameters have their defaults. */
function usualProduces(route: Route): Produces {
  const get: ParameterReader = (parameter) => parameter.read(DEFAULTS);
  return typeof route.produces === 'function' ? route.produces(get) : route.produces;
}

const TEXT = { schema: { type: 'string' } } as const;
const OBJECT = { schema: { type: 'object' } } as const;

function successContent(route: Route): Json {
  const { defaultType, ignoresAccept, others = [] } = usualProduces(route);
  const types = [defaultType, ...others.map((other) => other.type).filter((type) => !type.includes('*'))];
  const content = types.map((type) => [type, type === 'application/json' ? OBJECT : TEXT]);
  if (!ignoresAccept && defaultType !== 'application/json') content.push(['application/json', OBJECT]);
  return Object.fromEntries(content);
}

function requestBody(route: Route): Record<string, Json> {
  if (route.body === undefined) return {};
  const types = route.body === 'document' ? ['text/plain', 'application/json'] : ['application/json'];
  const content = Object.fromEntries(types.map((type) => [type, type === 'application/json' ? OBJECT : TEXT]));
  return { requestBody: { required: false, content } };
}

function parametersOf(route: Route): Json {
  const inPath = [...route.path.matchAll(/:(\w+)/g)].map(([, name = '']) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
  const inQuery = (route.parameters ?? []).map(({ name, description, isRequired, schema }) => ({
    name,
    in: 'query',
    required: isRequired,
    description,
    schema,
  }));
  return [...inPath, ...inQuery];
}

const ERROR = {
  description: 'What went wrong.',
  content: { 'application/json': { schema: { $ref: '#/components/schemas/ErrorMsg' } }, 'text/plain': TEXT },
};

function operation(route: Route): Json {
  return {
    operationId: route.operationId,
    summary: route.summary,
    parameters: parametersOf(route),
    ...requestBody(route),
    responses: { 200: { description: 'Success.', content: successContent(route) }, default: ERROR },
    ...(route.isPublic ? { security: [] } : {}),
  };
}

/** The description; `baseUrl` is where this client reaches the service. */
export function openApiDocument(version: string, baseUrl: string): Json {
  const paths = new Map<string, Record<string, Json>>();
  for (const route of listed) {
    const path = templatePath(route.path);
    paths.set(path, { ...paths.get(path), [route.method.toLowerCase()]: operation(route) });
  }
  return {
    openapi: '3.0.3',
    info: { title: 'Infrastructure Manager API', version },
    servers: [{ url: `${baseUrl}/` }],
    security: [{ authorization: [] }],
    paths: Object.fromEntries(paths),
    components: {
      securitySchemes: { authorization: { type: 'apiKey', in: 'header', name: 'Authorization' } },
      schemas: {
        ErrorMsg: {
          type: 'object',
          required: ['message', 'code'],
          properties: { message: { type: 'string' }, code: { type: 'integer' } },
        },
      },
    },
  };
}

function page(version: string, baseUrl: string): string {
  const rows = listed.map(({ method, path, summary }) => {
    const cells = [method, templatePath(path), summary].map((text) => `<td>${escapeHtml(text)}</td>`).join('');
    return `      <tr>${cells}</tr>`;
  });
  return `<!DOCTYPE html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <title>Infrastructure Manager ${escapeHtml(version)}</title>
  </head>
  <body>
    <h1>Infrastructure Manager ${escapeHtml(version)}</h1>
    <p>REST API at ${escapeHtml(baseUrl)}. Machine-readable description: <a href="${escapeHtml(baseUrl)}/openapi.json">openapi.json</a>.</p>
    <table>
${rows.join('\n')}
    </table>
  </body>
</html>
`;
}

function sendJson(exchange: Exchange, version: string): void {
  const text = JSON.stringify(openApiDocument(version, exchange.baseUrl));
  sendReply(exchange, 200, { type: 'application/json', text }, 'revalidate');
}

/** GET /openapi.json */
export const servesDescription: PageHandler = async (exchange, { manager }) => sendJson(exchange, manager.version());

/** GET /: a page for browsers, the description for all others. */
export const servesRoot: PageHandler = async (exchange, { manager }) => {
  if (!exchange.accept.includes('text/html')) {
    sendJson(exchange, manager.version());
    return;
  }
  const text = page(manager.version(), exchange.baseUrl);
  sendReply(exchange, 200, { type: 'text/html; charset=utf-8', text }, 'revalidate');
};
