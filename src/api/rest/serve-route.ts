// SPDX-License-Identifier: Apache-2.0
// How a route of the table serves a request: credentials, parameters, body, Accept, use case, answer, in this order (rest-api.md §5.6).
import { decodeText, parseAuthHeader } from '../../auth/index.js';
import { type AuthItem, errorText } from '../../domain/index.js';
import type { Semaphore } from '../../util/semaphore.js';
import { readBody, utf8Text } from '../body-reader.js';
import { CallAborted, createCall, requestSignal, streamSignal, untilAborted } from '../call.js';
import { mediaTypes, negotiate } from './accept.js';
import type { RestDependencies } from './dependencies.js';
import { checkContentType, formOf } from './document-body.js';
import { problemOf, unexpectedProblem } from './error-rules.js';
import { sendEvents } from './event-stream.js';
import { type Exchange, sendProblem, sendReply } from './exchange.js';
import { idempotencyOf } from './idempotency-key.js';
import type { Parameter } from './parameters.js';
import { RestProblem } from './problem.js';
import { type Reply, writeReply } from './reply.js';
import type { ParameterReader, RequestBody, Route, RouteContext } from './route.js';

/** What all routes share. */
export interface RouteEnvironment {
  readonly dependencies: RestDependencies;
  /** Bounds the calls that may wait for clouds. */
  readonly blocking: Semaphore;
  /** Bounds the streams of events. */
  readonly streams: Semaphore;
}

const NO_BODY: RequestBody = { text: '', types: [] };

/** The items of the Authorization header. @throws RestProblem 401 when there is none or it cannot be read */
function credentials(
  exchange: Exchange,
  { readAuthorization = parseAuthHeader }: RestDependencies,
): readonly AuthItem[] {
  const { authorization } = exchange.request.headers;
  const missing = { code: 'invalid-credentials' } as const;
  // Node reads header bytes as Latin-1; clients send UTF-8.
  const value = authorization === undefined ? '' : decodeText(Buffer.from(authorization, 'latin1'));
  if (value.trim() === '') throw new RestProblem(401, 'No authentication data provided', missing);
  try {
    return readAuthorization(value);
  } catch (error) {
    throw new RestProblem(401, errorText(error), { ...missing, cause: error });
  }
}

async function requestBody(exchange: Exchange, limitBytes: number): Promise<RequestBody> {
  const bytes = await readBody(exchange.request, limitBytes);
  const types = mediaTypes(exchange.request.headers['content-type']);
  const text = utf8Text(bytes);
  if (text === undefined) throw new RestProblem(400, 'Error parsing request body: The body is not valid UTF-8.');
  return { text, types };
}

/** Serves one request and always answers, unless the client has gone. */
export async function serveRoute(route: Route, exchange: Exchange, environment: RouteEnvironment): Promise<void> {
  const { settings } = environment.dependencies;
  exchange.route = route.path;
  const supervision = route.isStream
    ? streamSignal(exchange.response)
    : requestSignal(exchange.response, settings.restBlockingCallTimeout);
  try {
    await answer(route, exchange, environment, supervision.signal);
  } catch (error) {
    if (error instanceof CallAborted && error.reason === 'client-gone') {
      exchange.logger.debug(`${route.operationId}: ${error.message}`);
      exchange.response.destroy();
      return;
    }
    sendProblem(exchange, describe(error, route, exchange));
  } finally {
    supervision.dispose();
  }
}

function describe(error: unknown, route: Route, exchange: Exchange): RestProblem {
  const problem = problemOf(error, route.errors);
  if (problem) return problem;
  exchange.logger.error(`${route.operationId} failed unexpectedly: ${errorText(error)}`, { error });
  return unexpectedProblem(route.errors, exchange.requestId);
}

async function answer(
  route: Route,
  exchange: Exchange,
  { dependencies, blocking, streams }: RouteEnvironment,
  signal: AbortSignal,
): Promise<void> {
  const { request } = exchange;
  const items = route.isPublic ? [] : credentials(exchange, dependencies);
  const query = queryOf(request.url);
  const get: ParameterReader = <V>(parameter: Parameter<V>) => parameter.read(query);
  for (const parameter of route.parameters ?? []) parameter.read(query);

  const limitBytes = dependencies.settings.maxRequestBodyBytes;
  const body = route.body ? await untilAborted(signal, () => requestBody(exchange, limitBytes)) : NO_BODY;
  if (route.body) checkContentType(route.body, body);
  const form = route.body === 'document' ? formOf(body.types) : undefined;
  if (form) await dependencies.screen?.check(form, body.text, signal);

  const produces = typeof route.produces === 'function' ? route.produces(get) : route.produces;
  // What changes something must know first that it can be answered; a read may as well find out that there is nothing to read.
  const isEarly = route.method !== 'GET' || produces.isStrict === true;
  const early = isEarly ? negotiate(exchange.accept, produces) : undefined;

  const { method, headers, url } = request;
  const idempotency = route.takesIdempotencyKey ? idempotencyOf({ method, url, headers, body }) : undefined;
  const call = createCall({
    items,
    requestId: exchange.requestId,
    serviceUrl: exchange.baseUrl,
    signal,
    ...(idempotency && { idempotency }),
  });
  const context: RouteContext = {
    manager: dependencies.manager,
    call,
    baseUrl: exchange.baseUrl,
    body,
    get,
    query,
    ...lastEventId(headers['last-event-id']),
    ...(dependencies.oai && { oai: dependencies.oai }),
    param: (name) => pathElement(request.params[name]),
  };
  if (route.isStream) {
    await stream(route, exchange, streams, context);
    return;
  }
  const handle = (): Promise<Reply> => route.handle(context);
  const reply = await untilAborted(signal, () => (route.isBlocking ? blocking.run(handle, signal) : handle()));
  const format = early ?? negotiate(exchange.accept, produces);
  if (reply.kind === 'events') throw new TypeError(`${route.operationId} is no stream`);
  const written = writeReply(reply, format, produces.defaultType);
  for (const [name, value] of Object.entries(reply.headers ?? {})) exchange.response.setHeader(name, value);
  sendReply(exchange, 200, written, route.isPolled ? 'revalidate' : 'no-store');
}

async function stream(route: Route, exchange: Exchange, streams: Semaphore, context: RouteContext): Promise<void> {
  const release = streams.tryAcquire();
  if (release === undefined) {
    throw new RestProblem(503, 'Too many clients follow events. Try again later, or ask for the state instead.', {
      code: 'too-many-requests',
      headers: { 'Retry-After': '30' },
    });
  }
  try {
    const { signal } = context.call;
    const reply = await untilAborted(signal, () => route.handle(context));
    if (reply.kind !== 'events') throw new TypeError(`${route.operationId} gives no events`);
    for (const [name, value] of Object.entries(reply.headers ?? {})) exchange.response.setHeader(name, value);
    await sendEvents(exchange, reply.events, signal);
  } finally {
    release();
  }
}

const lastEventId = (header: string | readonly string[] | undefined): { readonly lastEventId?: string } =>
  typeof header === 'string' && header !== '' ? { lastEventId: header } : {};

function queryOf(url: string): URLSearchParams {
  const question = url.indexOf('?');
  return new URLSearchParams(question === -1 ? '' : url.slice(question + 1));
}

function pathElement(value: string | readonly string[] | undefined): string {
  return typeof value === 'string' ? value : (value?.join('/') ?? '');
}
