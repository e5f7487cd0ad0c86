// SPDX-License-Identifier: Apache-2.0
// The Idempotency-Key header, and the hash that tells a request that comes again from another one (IETF draft httpapi-idempotency-key-header).
import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Call } from '../../manager/manager.js';
import { RestProblem } from './problem.js';
import type { RequestBody } from './route.js';

const MAX_CHARACTERS = 255;

/** What identifies a request besides its caller. */
export interface IdentifiedRequest {
  readonly method: string;
  /** Path with the query. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: RequestBody;
}

/**
 * The key of a request, in quotes (as the draft has it) or without; undefined when there is none.
 * @throws RestProblem 400 when it is empty, too long or holds something else than visible ASCII characters and blanks
 */
export function idempotencyOf({ method, url, headers, body }: IdentifiedRequest): Call['idempotency'] {
  const sent = headers['idempotency-key'];
  if (sent === undefined) return undefined;
  const text = (Array.isArray(sent) ? sent.join(',') : sent).trim();
  const key = /^"(.*)"$/.exec(text)?.[1] ?? text;
  if (key.length > MAX_CHARACTERS || !/^[\x20-\x7e]+$/.test(key)) {
    throw new RestProblem(400, `The Idempotency-Key header must hold 1 to ${MAX_CHARACTERS} ASCII characters.`);
  }
  const parts = [method, url, body.types.join(','), body.text];
  return { key, fingerprint: createHash('sha256').update(JSON.stringify(parts)).digest('base64url') };
}
