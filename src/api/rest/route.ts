// SPDX-License-Identifier: Apache-2.0
// A route of the API as data: the router serves it, the API description lists it.
import type { Call, InfrastructureManager } from '../../manager/manager.js';
import type { OaiRepository } from '../oai-repository.js';
import type { Produces } from './accept.js';
import type { ErrorRules } from './error-rules.js';
import type { Parameter } from './parameters.js';
import type { Reply } from './reply.js';
import type { Schema } from './schemas.js';

/** Methods that routes have; HEAD and OPTIONS are derived. */
export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** Value of a query parameter, checked before the handler runs. */
export type ParameterReader = <V>(parameter: Parameter<V>) => V;

/** A request body. */
export interface RequestBody {
  /** Empty when there is none. */
  readonly text: string;
  /** Media types of Content-Type; empty when the header is missing. */
  readonly types: readonly string[];
}

/** What a handler works with. */
export interface RouteContext {
  readonly manager: InfrastructureManager;
  readonly call: Call;
  /** Base of links, without final slash. */
  readonly baseUrl: string;
  readonly body: RequestBody;
  readonly get: ParameterReader;
  /** The whole query string. */
  readonly query: URLSearchParams;
  /** Id of the last event that the client has (header Last-Event-ID). */
  readonly lastEventId?: string;
  /** Absent when it is not configured. */
  readonly oai?: OaiRepository;
  /** An element of the path, decoded. */
  param(name: string): string;
}

/** What the body of a request holds: a document to deploy, JSON, or the fields of a form. */
export type BodyKind = 'document' | 'json' | 'form';

/** See the top of the file. */
export interface Route {
  readonly method: Method;
  /** Elements in braces-free form: `/infrastructures/:infId`. */
  readonly path: string;
  /** As the reference names it, for generated clients (rest-api.md §10). */
  readonly operationId: string;
  readonly summary: string;
  readonly parameters?: readonly Parameter<unknown>[];
  readonly body?: BodyKind;
  /** What a JSON body holds, where it is no document. */
  readonly bodySchema?: Schema;
  /** What the JSON form of the answer holds. */
  readonly answer?: Schema;
  /** Headers of the answer, with what they say. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The work is done once for all requests with the same Idempotency-Key. */
  readonly takesIdempotencyKey?: boolean;
  readonly produces: Produces | ((get: ParameterReader) => Produces);
  readonly errors: ErrorRules;
  /** Needs no Authorization. */
  readonly isPublic?: boolean;
  /** May wait for clouds: counts for REST_MAX_BLOCKING_CALLS. */
  readonly isBlocking?: boolean;
  /** Its answer goes on until the client goes or the daemon stops. */
  readonly isStream?: boolean;
  /** Its answer gets an ETag, so that polling clients can save the transfer. */
  readonly isPolled?: boolean;
  /** Catches path elements that no other route knows; not listed anywhere. */
  readonly isFallback?: boolean;
  handle(context: RouteContext): Promise<Reply>;
}

/** `/infrastructures/:infId` -> `/infrastructures/{infId}` */
export function templatePath(path: string): string {
  return path.replace(/:(\w+)/g, '{$1}');
}
