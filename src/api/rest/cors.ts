// SPDX-License-Identifier: Apache-2.0
// Cross-origin requests of browsers (rest-api.md §3).
import type { IncomingHttpHeaders } from 'node:http';
import { mediaTypes } from './accept.js';

/** What the configuration says. */
export interface CorsSettings {
  readonly enableCors: boolean;
  /** One origin, several separated by commas, or `*`. */
  readonly corsOrigin: string;
}

/** The answer to a preflight request. */
export interface Preflight {
  readonly status: 200 | 400;
  readonly text: string;
}

/** What a response gets because of its request's origin. */
export interface CorsDecision {
  readonly headers: Readonly<Record<string, string>>;
  /** Present when the request is a preflight: then this is the whole answer. */
  readonly preflight?: Preflight;
}

const METHODS = ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT'];
const HEADERS = [
  'Accept',
  'Accept-Language',
  'Authorization',
  'Content-Language',
  'Content-Type',
  'Idempotency-Key',
  'If-None-Match',
  'Origin',
];
const HEADERS_LOWER = HEADERS.map((name) => name.toLowerCase());

/** Makes the decision for requests of one configuration. */
export function createCors(settings: CorsSettings): (method: string, headers: IncomingHttpHeaders) => CorsDecision {
  if (!settings.enableCors) return () => ({ headers: {} });
  const origins = settings.corsOrigin.split(',').map((origin) => origin.trim());
  const allowsAny = origins.includes('*');

  const allowed = (origin: string): Readonly<Record<string, string>> | undefined => {
    const exposed = { Vary: 'Origin', 'Access-Control-Expose-Headers': 'InfID, Link, ETag' };
    // With any origin allowed, browsers must not add ambient credentials (cookies, certificates) for it.
    if (allowsAny) return { ...exposed, 'Access-Control-Allow-Origin': '*' };
    if (!origins.includes(origin)) return undefined;
    return { ...exposed, 'Access-Control-Allow-Origin': origin, 'Access-Control-Allow-Credentials': 'true' };
  };

  return (method, headers) => {
    const { origin } = headers;
    const isPreflight = method === 'OPTIONS' && headers['access-control-request-method'] !== undefined;
    if (origin === undefined) return { headers: { Vary: 'Origin' } };
    const granted = allowed(origin);
    if (!isPreflight) return { headers: granted ?? { Vary: 'Origin' } };
    if (!granted) return refused('Disallowed CORS origin');
    const wanted = mediaTypes(headers['access-control-request-headers']);
    if (wanted.some((name) => !HEADERS_LOWER.includes(name))) return refused('Disallowed CORS headers');
    return {
      headers: {
        ...granted,
        'Access-Control-Allow-Methods': METHODS.join(', '),
        'Access-Control-Allow-Headers': HEADERS.join(', '),
        'Access-Control-Max-Age': '600',
      },
      preflight: { status: 200, text: 'OK' },
    };
  };
}

function refused(text: string): CorsDecision {
  return { headers: { Vary: 'Origin' }, preflight: { status: 400, text } };
}
