// SPDX-License-Identifier: Apache-2.0
// One request and its response on the way through the REST room, and the writing of the response.
import { createHash } from 'node:crypto';
import type { Request, Response } from 'express';
import type { Logger } from '../../util/logger.js';
import { mediaTypes } from './accept.js';
import { errorBody } from './error-body.js';
import type { RestProblem } from './problem.js';
import type { WrittenReply } from './reply.js';

/** See the top of the file. */
export interface Exchange {
  readonly request: Request;
  readonly response: Response;
  readonly requestId: string;
  /** Media types of the Accept header. */
  readonly accept: readonly string[];
  /** Base of links, without final slash. */
  readonly baseUrl: string;
  /** Path of the route table, for metrics and logs. */
  route: string;
  readonly logger: Logger;
}

/** How an answer may be kept by clients. */
export type CachePolicy =
  /** It may hold secrets. */
  | 'no-store'
  /** It may be kept if it is asked for again each time: an ETag then saves the transfer. */
  | 'revalidate';

// Answers are data, never pages: a browser must neither guess their type nor run or frame them.
const SECURITY_HEADERS: readonly (readonly [string, string])[] = [
  ['X-Content-Type-Options', 'nosniff'],
  ['X-Frame-Options', 'DENY'],
  ['Referrer-Policy', 'no-referrer'],
  ['Content-Security-Policy', "default-src 'none'; frame-ancestors 'none'"],
];

/** Makes the exchange of a request that has just arrived. */
export function createExchange(
  request: Request,
  response: Response,
  parts: Pick<Exchange, 'requestId' | 'baseUrl' | 'logger'>,
): Exchange {
  for (const [name, value] of SECURITY_HEADERS) response.setHeader(name, value);
  response.setHeader('X-Request-Id', parts.requestId);
  return { request, response, ...parts, accept: mediaTypes(request.headers.accept), route: 'unmatched' };
}

function send(exchange: Exchange, status: number, type: string, text: string): void {
  const { response } = exchange;
  if (response.headersSent || response.destroyed) return;
  const body = Buffer.from(text, 'utf8');
  response.statusCode = status;
  response.setHeader('Content-Type', type);
  response.setHeader('Content-Length', body.length);
  response.end(body);
}

/** Answers with a success, or with 304 when the client has this very answer already. */
export function sendReply(exchange: Exchange, status: number, reply: WrittenReply, cache: CachePolicy): void {
  const { request, response } = exchange;
  response.setHeader('Vary', response.getHeader('Vary') === undefined ? 'Accept' : 'Accept, Origin');
  if (cache === 'no-store') {
    response.setHeader('Cache-Control', 'no-store');
    send(exchange, status, reply.type, reply.text);
    return;
  }
  const etag = `W/"${createHash('sha1').update(reply.type).update('\0').update(reply.text).digest('base64url')}"`;
  response.setHeader('Cache-Control', 'private, no-cache');
  response.setHeader('ETag', etag);
  if (matchesEtag(request.headers['if-none-match'], etag)) {
    response.statusCode = 304;
    response.end();
    return;
  }
  send(exchange, status, reply.type, reply.text);
}

function matchesEtag(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  return header.split(',').some((candidate) => {
    const tag = candidate.trim();
    return tag === '*' || tag === etag || `W/${tag}` === etag;
  });
}

/** Answers with a failure in the form that the client accepts. */
export function sendProblem(exchange: Exchange, problem: RestProblem): void {
  const { response } = exchange;
  if (response.headersSent) {
    response.destroy();
    return;
  }
  for (const [name, value] of Object.entries(problem.headers)) response.setHeader(name, value);
  response.setHeader('Cache-Control', 'no-store');
  const body = errorBody(problem, exchange.accept, exchange.requestId);
  send(exchange, problem.status, body.type, body.text);
}
