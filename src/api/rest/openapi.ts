// SPDX-License-Identifier: Apache-2.0
// The description of the API (OpenAPI 3.1), made from the tables of the routes and pages (rest-api.md §10).
import { STATUS_CODES } from 'node:http';
import type { Produces } from './accept.js';
import { PAGE_LIST, type PageEntry } from './page-list.js';
import { type ParameterReader, type Route, templatePath } from './route.js';
import { routes } from './routes/index.js';
import { COMPONENTS, type Json, ref, type Schema, TEXT } from './schemas.js';

type Parts = Record<string, Json>;

/** Routes that the description shows. */
export const listedRoutes: readonly Route[] = routes.filter((route) => !route.isFallback);

const JSON_TYPE = 'application/json';
const ANYTHING: Schema = { type: 'object' };
const DEFAULTS = new URLSearchParams();

/** What a route answers with when all its parameters have their defaults. */
function usualProduces(route: Route): Produces {
  const get: ParameterReader = (parameter) => parameter.read(DEFAULTS);
  return typeof route.produces === 'function' ? route.produces(get) : route.produces;
}

const mediaType = (schema: Schema): Json => ({ schema });

function successContent(route: Route): Json {
  const { defaultType, ignoresAccept, others = [] } = usualProduces(route);
  const types = [defaultType, ...others.map((other) => other.type).filter((type) => !type.includes('*'))];
  if (!ignoresAccept && !types.includes(JSON_TYPE)) types.push(JSON_TYPE);
  return Object.fromEntries(
    types.map((type) => [type, mediaType(type === JSON_TYPE ? (route.answer ?? ANYTHING) : TEXT)]),
  );
}

const BODIES: Readonly<Record<NonNullable<Route['body']>, Readonly<Record<string, Schema>>>> = {
  document: {
    'text/plain': { type: 'string', description: 'RADL.' },
    [JSON_TYPE]: { ...ref('Radl'), description: 'RADL in JSON.' },
    'text/yaml': { type: 'string', description: 'TOSCA.' },
  },
  json: { [JSON_TYPE]: ANYTHING },
  form: { 'application/x-www-form-urlencoded': ANYTHING },
};

function requestBody(route: Route): Parts {
  if (route.body === undefined) return {};
  const content = Object.entries(BODIES[route.body]).map(([type, schema]) => [
    type,
    mediaType(type === JSON_TYPE && route.bodySchema ? route.bodySchema : schema),
  ]);
  return { requestBody: { required: false, content: Object.fromEntries(content) } };
}

function pathParameters(path: string): readonly Json[] {
  return [...path.matchAll(/:(\w+)/g)].map(([, name = '']) => ({
    name,
    in: 'path',
    required: true,
    schema: name === 'diskNum' ? { type: 'integer', minimum: 0, maximum: 999_999_999 } : TEXT,
  }));
}

const IDEMPOTENCY_KEY: Json = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description:
    'A text that is new for each request and the same when the request is sent again: within 24 hours the work is done ' +
    'once, and sending it again has the first answer. 422: the key came with another request; 409: the first one is not done yet.',
  schema: { type: 'string', minLength: 1, maxLength: 255 },
};

const LAST_EVENT_ID: Json = {
  name: 'Last-Event-ID',
  in: 'header',
  required: false,
  description: 'Id of the last event that the client has: what came after it is sent, some of it perhaps again.',
  schema: TEXT,
};

function parametersOf(route: Route): Json {
  const inQuery = (route.parameters ?? []).map(({ name, description, isRequired, schema }) => ({
    name,
    in: 'query',
    required: isRequired,
    description,
    schema,
  }));
  return [
    ...pathParameters(route.path),
    ...inQuery,
    ...(route.takesIdempotencyKey ? [IDEMPOTENCY_KEY] : []),
    ...(route.isStream ? [LAST_EVENT_ID] : []),
  ];
}

const ERROR_CONTENT: Json = {
  [JSON_TYPE]: mediaType(ref('ErrorMsg')),
  'application/problem+json': mediaType(ref('Problem')),
  'text/plain': mediaType(TEXT),
  'text/html': mediaType(TEXT),
};

const errorResponse = (description: string): Json => ({ description, content: ERROR_CONTENT });

/** Statuses of failures that a route can have by what it is. */
function errorStatuses(route: Route): readonly number[] {
  const has = (isSo: boolean | undefined, ...statuses: readonly number[]): readonly number[] => (isSo ? statuses : []);
  return [
    400,
    ...has(!route.isPublic, 401, 403),
    ...has(route.path.includes(':'), 404),
    ...has(route.isBlocking && route.method !== 'GET', 409),
    ...has(route.body !== undefined, 413),
    ...has(!usualProduces(route).ignoresAccept || route.body !== undefined, 415),
    ...has(route.takesIdempotencyKey, 422),
    ...has(!route.isPublic, 429, 503, 504),
  ];
}

function responses(route: Route): Json {
  const headers: Parts = {};
  for (const [name, description] of Object.entries(route.headers ?? {})) {
    headers[name] = { description, schema: TEXT };
  }
  const success: Parts = { description: 'Success.', content: successContent(route) };
  const failures = errorStatuses(route).map((status) => [String(status), errorResponse(STATUS_CODES[status] ?? '')]);
  return {
    200: Object.keys(headers).length > 0 ? { ...success, headers } : success,
    ...(route.isPolled ? { 304: { description: 'Unchanged since the answer with the ETag of If-None-Match.' } } : {}),
    ...Object.fromEntries(failures),
    default: errorResponse('What went wrong.'),
  };
}

/** The subject of a path, for grouping. */
function tagOf(path: string): string {
  if (path.includes('/vms/')) return 'virtual machines';
  const [, first = ''] = path.split('/');
  return ['infrastructures', 'clouds'].includes(first) ? first : 'service';
}

function operation(route: Route): Json {
  return {
    operationId: route.operationId,
    summary: route.summary,
    tags: [tagOf(route.path)],
    parameters: parametersOf(route),
    ...requestBody(route),
    responses: responses(route),
    ...(route.isPublic ? { security: [] } : {}),
  };
}

function pageOperation({ path, operationId, summary, types }: PageEntry): Json {
  const content = types.map((type) => [type, mediaType(type === JSON_TYPE ? ANYTHING : TEXT)]);
  return {
    operationId,
    summary,
    tags: ['service'],
    parameters: pathParameters(path),
    responses: {
      200: { description: 'Success.', content: Object.fromEntries(content) },
      default: errorResponse('What went wrong.'),
    },
    security: [],
  };
}

const SECURITY_SCHEMES: Json = {
  authorization: {
    type: 'apiKey',
    in: 'header',
    name: 'Authorization',
    description:
      'Credentials, separated by the two characters \\n: ' +
      '`type = InfrastructureManager; username = U; password = P\\nid = one; type = Dummy`.',
  },
  basic: { type: 'http', scheme: 'basic' },
  bearer: { type: 'http', scheme: 'bearer' },
};

/** The description; `baseUrl` is where this client reaches the service. */
export function openApiDocument(version: string, baseUrl: string): Json {
  const paths = new Map<string, Parts>();
  const add = (path: string, method: string, described: Json): void => {
    const template = templatePath(path);
    paths.set(template, { ...paths.get(template), [method]: described });
  };
  for (const route of listedRoutes) add(route.path, route.method.toLowerCase(), operation(route));
  for (const page of Object.values(PAGE_LIST)) add(page.path, 'get', pageOperation(page));
  const tags = ['infrastructures', 'virtual machines', 'clouds', 'service'].map((name) => ({ name }));
  return {
    openapi: '3.1.0',
    info: {
      title: 'Infrastructure Manager API',
      version,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: `${baseUrl}/` }],
    security: [{ authorization: [] }, { basic: [] }, { bearer: [] }],
    tags,
    paths: Object.fromEntries(paths),
    components: { securitySchemes: SECURITY_SCHEMES, schemas: COMPONENTS },
  };
}
