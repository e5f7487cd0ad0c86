// SPDX-License-Identifier: Apache-2.0
// What OpenStack's services say when they refuse something, as errors for the user.
import { STATUS_CODES } from 'node:http';
import { ImError } from '../../domain/index.js';
import type { HttpAnswer } from '../shared/http.js';
import { asRecord, asText } from '../shared/json-reader.js';

const LONGEST_MESSAGE = 500;

/**
 * `<status> <reason> <message>`, with the id under which the provider's administrators find the request in their logs.
 * `details.status` holds the status.
 */
export function refusal(answer: HttpAnswer, service: string): ImError {
  const requestId = answer.headers.get('x-openstack-request-id') ?? answer.headers.get('x-compute-request-id') ?? '';
  const message = refusalMessage(answer);
  const reason = STATUS_CODES[answer.status] ?? '';
  const text = [String(answer.status), reason, message].filter((part) => part !== '').join(' ');
  return new ImError(
    'provider',
    requestId === '' ? text : `${text} (request id ${requestId} of the ${service} service)`,
    {
      details: { status: answer.status, service, ...(requestId !== '' && { providerRequestId: requestId }) },
    },
  );
}

/** Status of a refusal; undefined for errors of other kinds. */
export function statusOf(error: unknown): number | undefined {
  const status = error instanceof ImError ? error.details?.status : undefined;
  return typeof status === 'number' ? status : undefined;
}

/**
 * May the provider have done what it was asked for although the call failed? True after time-outs, broken connections and server errors;
 * false when it said no, or was never reached.
 */
export function isUncertain(error: unknown): boolean {
  const status = statusOf(error);
  if (status !== undefined) return status >= 500;
  return error instanceof ImError && error.code === 'provider' && !wasNeverSent(error);
}

const NEVER_SENT: ReadonlySet<unknown> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

function wasNeverSent(error: Error): boolean {
  const { cause } = error;
  if (!(cause instanceof Error)) return false;
  if ('code' in cause && NEVER_SENT.has(cause.code)) return true;
  return cause instanceof AggregateError
    ? cause.errors.every((inner) => inner instanceof Error && 'code' in inner && NEVER_SENT.has(inner.code))
    : wasNeverSent(cause);
}

/** The message of a service's error body: each service wraps it in its own way, Glance in HTML. */
function refusalMessage(answer: HttpAnswer): string {
  const text = answer.body.toString('utf8').trim();
  const message = jsonMessage(text) ?? htmlText(text);
  return message.length > LONGEST_MESSAGE ? `${message.slice(0, LONGEST_MESSAGE)}...` : message;
}

function jsonMessage(text: string): string | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return undefined;
  }
  const body = asRecord(parsed);
  for (const inner of [body, ...Object.values(body).map(asRecord)]) {
    const message = asText(inner.message) || asText(inner.faultstring);
    const detail = asText(inner.detail);
    if (message !== '') return detail === '' || detail === message ? message : `${message} ${detail}`;
  }
  const [first] = Object.values(body);
  return asText(first) || undefined;
}

/** The words of a small HTML page. */
function htmlText(text: string): string {
  return text
    .replace(/<title>.*?<\/title>/gis, ' ')
    .replace(/<h1>.*?<\/h1>/gis, ' ')
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
}
