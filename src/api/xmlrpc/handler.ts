// SPDX-License-Identifier: Apache-2.0
// XML-RPC over HTTP: paths, methods, encodings, limits (xmlrpc-api.md §1).
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { errorText, ImError } from '../../domain/index.js';
import { readBody, utf8Text } from '../body-reader.js';
import { CallAborted, requestSignal, untilAborted } from '../call.js';
import { clientAddress } from '../client-address.js';
import { createRateLimiter } from '../rate-limit.js';
import type { XmlRpcDependencies } from './dependencies.js';
import { dispatch } from './dispatch.js';
import { badXml } from './fault.js';
import { writeFault } from './writer.js';

const compress = promisify(gzip);

// Smaller answers are sent as they are, as by the reference.
const COMPRESS_ABOVE_BYTES = 1400;

const PATHS = new Set(['/', '/RPC2']);

function send(response: ServerResponse, status: number, type: string, body: Uint8Array | string): void {
  if (response.headersSent || response.destroyed) return;
  const bytes = Buffer.from(body);
  response.writeHead(status, { 'Content-Type': type, 'Content-Length': bytes.length });
  response.end(bytes);
}

const sendText = (response: ServerResponse, status: number, text: string): void =>
  send(response, status, 'text/plain; charset=utf-8', text);

/** Does the client take gzip (with a quality above 0)? */
export function acceptsGzip(header: string | string[] | undefined): boolean {
  const codings = (Array.isArray(header) ? header.join(',') : (header ?? '')).toLowerCase().split(',');
  return codings.some((coding) => {
    const [name = '', ...parameters] = coding.split(';').map((part) => part.trim());
    if (name !== 'gzip' && name !== 'x-gzip') return false;
    const quality = parameters.find((parameter) => parameter.startsWith('q='));
    return quality === undefined || Number(quality.slice(2)) > 0;
  });
}

async function sendXml(request: IncomingMessage, response: ServerResponse, xml: string): Promise<void> {
  const bytes = Buffer.from(xml, 'utf8');
  if (bytes.length > COMPRESS_ABOVE_BYTES && acceptsGzip(request.headers['accept-encoding'])) {
    response.setHeader('Content-Encoding', 'gzip');
    send(response, 200, 'text/xml', await compress(bytes));
  } else {
    send(response, 200, 'text/xml', bytes);
  }
}

/** Makes the handler of the server. */
export function createXmlRpcHandler(dependencies: XmlRpcDependencies): RequestListener {
  const { settings, metrics } = dependencies;
  const limiter = createRateLimiter(settings.rateLimit, dependencies.monotonicMs);

  /** @returns the name of the method that was called */
  const serve = async (request: IncomingMessage, response: ServerResponse, requestId: string): Promise<string> => {
    const path = (request.url ?? '').replace(/\?.*$/s, '');
    if (!PATHS.has(path)) {
      sendText(response, 404, 'No such page');
      return 'unknown';
    }
    if (request.method !== 'POST') {
      response.setHeader('Allow', 'POST');
      sendText(response, 405, 'XML-RPC calls are sent with POST.');
      return 'unknown';
    }
    const decision = limiter?.take(clientAddress(request, settings.trustedProxies));
    if (decision?.isAllowed === false) {
      response.setHeader('Retry-After', String(decision.waitSeconds));
      sendText(response, 429, `Too many requests. Wait ${decision.waitSeconds} s.`);
      return 'unknown';
    }
    const encoding = (request.headers['content-encoding'] ?? 'identity').trim().toLowerCase();
    if (encoding !== 'identity' && encoding !== 'gzip') {
      sendText(response, 501, '');
      return 'unknown';
    }
    const supervision = requestSignal(response, 0);
    const logger = dependencies.logger.child({ fields: { reqId: requestId } });
    try {
      const bytes = await readBody(request, settings.maxRequestBodyBytes, encoding === 'gzip');
      const text = utf8Text(bytes);
      if (text === undefined) {
        await sendXml(request, response, writeFault(badXml('the request is not valid UTF-8').message));
        return 'unknown';
      }
      const { signal } = supervision;
      const answer = await untilAborted(signal, () => dispatch({ text, requestId, signal, logger }, dependencies));
      await sendXml(request, response, answer.xml);
      return answer.method;
    } finally {
      supervision.dispose();
    }
  };

  const fail = (error: unknown, response: ServerResponse, requestId: string): void => {
    if (error instanceof CallAborted) {
      response.destroy();
    } else if (error instanceof ImError) {
      sendText(response, error.status, error.code === 'bad-request' ? '' : error.message);
    } else {
      dependencies.logger.error(`XML-RPC request failed unexpectedly: ${errorText(error)}`, {
        reqId: requestId,
        error,
      });
      sendText(response, 500, `Internal error in request ${requestId}.`);
    }
  };

  return (request, response) => {
    const startedAt = dependencies.monotonicMs();
    const requestId = dependencies.requestId();
    let method = 'unknown';
    response.once('close', () => {
      const seconds = (dependencies.monotonicMs() - startedAt) / 1000;
      const status = response.statusCode;
      metrics.observeHttpRequest({ method: 'POST', route: `xmlrpc:${method}`, status, seconds });
      dependencies.logger.debug(`XML-RPC ${method} ${status}`, { reqId: requestId, seconds });
    });
    serve(request, response, requestId).then(
      (called) => {
        method = called;
      },
      (error: unknown) => fail(error, response, requestId),
    );
  };
}
