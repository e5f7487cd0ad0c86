// SPDX-License-Identifier: Apache-2.0
// The express application: what happens to every request before and after its route.
import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import { errorText } from '../../domain/index.js';
import { createSemaphore } from '../../util/semaphore.js';
import { clientAddress } from '../client-address.js';
import { createRateLimiter } from '../rate-limit.js';
import { baseUrl, normalizeRootPath } from './base-url.js';
import { createCors } from './cors.js';
import type { RestDependencies } from './dependencies.js';
import { problemOf, unexpectedProblem } from './error-rules.js';
import { createExchange, type Exchange, sendProblem } from './exchange.js';
import { PAGES } from './pages.js';
import { RestProblem } from './problem.js';
import { requestPath, withoutFinalSlash } from './request-path.js';
import { routes } from './routes/index.js';
import { serveRoute } from './serve-route.js';

/** What watches the service must get through whoever shares its address. */
const UNCOUNTED_PATHS: ReadonlySet<string> = new Set(['/version', '/health', '/ready', '/metrics']);

/** Clients that may follow events at a time: each one holds a connection. */
const MOST_STREAMS = 1_000;

/** A path of the tables with the methods that it takes. */
interface PathRule {
  readonly pattern: RegExp;
  readonly method: string;
  readonly isFallback: boolean;
}

const pathPattern = (path: string): RegExp => new RegExp(`^${path.replaceAll('.', '\\.').replace(/:\w+/g, '[^/]+')}$`);

const pathRules: readonly PathRule[] = [
  ...routes.map(({ path, method, isFallback = false }) => ({ pattern: pathPattern(path), method, isFallback })),
  ...PAGES.map(([path]) => ({ pattern: pathPattern(path), method: 'GET', isFallback: false })),
];

/** Methods that a path takes; empty: there is no such path. */
function methodsOf(path: string): readonly string[] {
  const matching = pathRules.filter(({ pattern }) => pattern.test(path));
  const proper = matching.filter(({ isFallback }) => !isFallback);
  const methods = new Set((proper.length > 0 ? proper : matching).map(({ method }) => method));
  if (methods.has('GET')) methods.add('HEAD');
  return [...methods];
}

/** Makes the application. */
export function createApp(dependencies: RestDependencies): Express {
  const { settings } = dependencies;
  const rootPath = normalizeRootPath(settings.restRootPath);
  const cors = createCors(settings);
  const environment = {
    dependencies,
    blocking: createSemaphore(settings.restMaxBlockingCalls),
    streams: createSemaphore(MOST_STREAMS),
  };
  const exchanges = new WeakMap<Request, Exchange>();

  const begin = (request: Request, response: Response): Exchange => {
    const { socket, headers } = request;
    const origin = {
      headers,
      isTls: settings.restSsl,
      peerAddress: socket.remoteAddress ?? '',
      localAddress: socket.localAddress ?? '',
      localPort: socket.localPort ?? 0,
    };
    const requestId = dependencies.requestId();
    const exchange = createExchange(request, response, {
      requestId,
      baseUrl: baseUrl(origin, { rootPath, trustedProxies: settings.trustedProxies }),
      logger: dependencies.logger.child({ fields: { reqId: requestId } }),
    });
    const startedAt = dependencies.monotonicMs();
    response.once('close', () => {
      const seconds = (dependencies.monotonicMs() - startedAt) / 1000;
      const { method } = request;
      const status = response.statusCode;
      dependencies.metrics.observeHttpRequest({ method, route: exchange.route, status, seconds });
      exchange.logger.debug(`REST ${method} ${exchange.route} ${status}`, { seconds });
    });
    exchanges.set(request, exchange);
    return exchange;
  };

  const exchangeOf = (request: Request, response: Response): Exchange =>
    exchanges.get(request) ?? begin(request, response);

  const limiter = createRateLimiter(settings.rateLimit, dependencies.monotonicMs);
  /** Counts the request of its client; the problem when there were too many. */
  const limited = ({ request, response }: Exchange, path: string): RestProblem | undefined => {
    if (!limiter || UNCOUNTED_PATHS.has(withoutFinalSlash(path))) return undefined;
    const { isAllowed, remaining, waitSeconds } = limiter.take(clientAddress(request, settings.trustedProxies));
    response.setHeader('RateLimit-Policy', `"default";q=${limiter.limit};w=60`);
    response.setHeader('RateLimit', `"default";r=${remaining};t=${waitSeconds}`);
    if (isAllowed) return undefined;
    return new RestProblem(429, `Too many requests: at most ${limiter.limit} per minute. Wait ${waitSeconds} s.`, {
      code: 'too-many-requests',
      headers: { 'Retry-After': String(waitSeconds) },
    });
  };

  const app = express();
  app.disable('x-powered-by');
  app.disable('query parser');
  app.enable('case sensitive routing');
  app.enable('strict routing');

  app.use((request, response, next) => {
    const { path, query } = requestPath(request.url, rootPath);
    request.url = path + query;
    const exchange = begin(request, response);
    const { headers, preflight } = cors(request.method, request.headers);
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    const refusal = preflight ? undefined : limited(exchange, path);
    if (refusal) sendProblem(exchange, refusal);
    else if (preflight) sendPlain(exchange, preflight.status, preflight.text);
    else if (request.method === 'OPTIONS') sendOptions(exchange, withoutFinalSlash(path));
    else if (withoutFinalSlash(path) === path) next();
    else continueWithoutSlash(exchange, withoutFinalSlash(path), query, next);
  });

  for (const [path, serve] of PAGES) {
    app.get(path, async (request, response) => {
      const exchange = exchangeOf(request, response);
      exchange.route = path;
      await serve(exchange, dependencies);
    });
  }
  for (const route of routes) {
    const method = METHODS[route.method];
    app[method](route.path, (request, response) => serveRoute(route, exchangeOf(request, response), environment));
  }

  app.use((request, response) => {
    const methods = methodsOf(request.path);
    throw methods.length === 0 ? notFound() : methodNotAllowed(methods, exchangeOf(request, response));
  });

  app.use((error: unknown, request: Request, response: Response, _next: NextFunction) => {
    const exchange = exchangeOf(request, response);
    const problem = problemOf(error, { prefix: '' }) ?? pathProblem(error);
    if (!problem) exchange.logger.error(`REST request failed unexpectedly: ${errorText(error)}`, { error });
    sendProblem(exchange, problem ?? unexpectedProblem({ prefix: '' }, exchange.requestId));
  });
  return app;
}

const METHODS = { GET: 'get', POST: 'post', PUT: 'put', PATCH: 'patch', DELETE: 'delete' } as const;

/** Express refuses path elements whose percent-encoding is broken. */
function pathProblem(error: unknown): RestProblem | undefined {
  return error instanceof URIError
    ? new RestProblem(400, 'The path of the request is not properly encoded.')
    : undefined;
}

const notFound = (): RestProblem => new RestProblem(404, 'Not Found', { code: 'not-found', detail: 'Not Found' });

function methodNotAllowed(methods: readonly string[], exchange: Exchange): RestProblem {
  exchange.route = 'wrong method';
  return new RestProblem(405, 'Method Not Allowed', {
    code: 'not-supported',
    detail: 'Method Not Allowed',
    headers: { Allow: [...methods, 'OPTIONS'].join(', ') },
  });
}

function sendPlain({ response }: Exchange, status: number, text: string): void {
  response.writeHead(status, {
    'Content-Type': 'text/plain; charset=utf-8',
    'Content-Length': Buffer.byteLength(text),
  });
  response.end(text);
}

function sendOptions(exchange: Exchange, path: string): void {
  exchange.response.setHeader('Allow', [...methodsOf(path), 'OPTIONS'].join(', '));
  sendPlain(exchange, 200, '');
}

/** A final slash: readers are sent to the path without it, as by the reference; the others are served right away. */
function continueWithoutSlash(exchange: Exchange, path: string, query: string, next: NextFunction): void {
  const { request, response } = exchange;
  const isRead = request.method === 'GET' || request.method === 'HEAD';
  if (isRead && methodsOf(path).length > 0) {
    response.writeHead(307, { Location: exchange.baseUrl + path + query, 'Content-Length': 0 });
    response.end();
    return;
  }
  if (!isRead) request.url = path + query;
  next();
}
