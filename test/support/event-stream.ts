// SPDX-License-Identifier: Apache-2.0
// A client of server-sent events: collects what comes, and knows the id to go on from.
import http from 'node:http';
import { until } from './waiting.js';

/** One event. */
export interface SentEvent {
  readonly id: string;
  readonly name: string;
  readonly data: Record<string, unknown>;
}

/** An open stream. */
export interface EventClient {
  readonly status: number;
  readonly type: string;
  readonly events: readonly SentEvent[];
  readonly isEnded: boolean;
  /** All that came. */
  readonly text: string;
  /** The first event from `from` on that fits, as soon as it is there. */
  next(fits: (event: SentEvent) => boolean, what: string, from?: number): Promise<SentEvent>;
  close(): void;
}

/** Opens a stream. */
export function follow(url: string, headers: Readonly<Record<string, string>>): Promise<EventClient> {
  return new Promise((resolve, reject) => {
    const events: SentEvent[] = [];
    let isEnded = false;
    const request = http.get(url, { headers, agent: false }, (response) => {
      let text = '';
      let whole = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        whole += chunk;
        const blocks = (text + chunk).split('\n\n');
        text = blocks.pop() ?? '';
        for (const block of blocks) {
          const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1];
          const data = field('data');
          if (data !== undefined) {
            events.push({ id: field('id') ?? '', name: field('event') ?? '', data: JSON.parse(data) });
          }
        }
      });
      response.on('close', () => {
        isEnded = true;
      });
      response.on('error', () => undefined);
      resolve({
        status: response.statusCode ?? 0,
        type: response.headers['content-type'] ?? '',
        events,
        get text() {
          return whole;
        },
        get isEnded() {
          return isEnded;
        },
        async next(fits, what, from = 0) {
          const found = () => events.slice(from).find(fits);
          await until(() => found() !== undefined, what);
          return found()!;
        },
        close: () => request.destroy(),
      });
    });
    request.on('error', reject);
  });
}
