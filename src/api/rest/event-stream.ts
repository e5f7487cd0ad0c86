// SPDX-License-Identifier: Apache-2.0
// Server-sent events: writes them as the client takes them. The next one is made when the last one has left, so that a client that reads
// slowly, or not at all, costs a connection and no memory.
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { errorText } from '../../domain/index.js';
import type { ManagerEvent } from '../../manager/manager.js';
import { EVENT_STREAM } from '../listener.js';
import type { Exchange } from './exchange.js';
import { jsonText } from './json-text.js';

/** Proxies and clients close what is silent for longer. */
const SILENCE_MS = 15_000;
/** A client that takes nothing for so long is gone. */
const STALLED_MS = 60_000;
/** The client then comes again, and its credentials are looked at again. */
const LONGEST_MS = 30 * 60_000;
/** When a client comes again. */
const RETRY_MS = 3_000;

/** Sends events until they or the connection end. Never fails: what goes wrong ends the stream, and the client comes again. */
export async function sendEvents(
  { request, response, logger }: Exchange,
  events: AsyncIterable<ManagerEvent>,
  signal: AbortSignal,
): Promise<void> {
  response.writeHead(200, {
    'Content-Type': `${EVENT_STREAM}; charset=utf-8`,
    'Cache-Control': 'no-store',
    // nginx would keep them back.
    'X-Accel-Buffering': 'no',
  });
  if (request.method === 'HEAD') {
    response.end();
    return;
  }
  response.write(`retry: ${RETRY_MS}\n\n`);
  const comments = setInterval(() => {
    if (!response.writableNeedDrain) response.write(':\n\n');
  }, SILENCE_MS);
  const limit = setTimeout(() => response.end(), LONGEST_MS);
  try {
    for await (const event of events) {
      if (signal.aborted || response.writableEnded) break;
      if (!response.write(eventText(event))) await drained(response, signal);
    }
  } catch (error) {
    if (!signal.aborted) logger.warn(`A stream of events ends: ${errorText(error)}`);
  } finally {
    clearInterval(comments);
    clearTimeout(limit);
    response.end();
  }
}

/** JSON has no line ends, so that one line of data is enough. */
function eventText({ id, name, data }: ManagerEvent): string {
  return `id: ${id}\nevent: ${name}\ndata: ${jsonText(data)}\n\n`;
}

async function drained(response: ServerResponse, signal: AbortSignal): Promise<void> {
  try {
    await once(response, 'drain', { signal: AbortSignal.any([signal, AbortSignal.timeout(STALLED_MS)]) });
  } catch {
    response.destroy();
  }
}
