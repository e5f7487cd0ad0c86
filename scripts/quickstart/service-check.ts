// SPDX-License-Identifier: Apache-2.0
// Asks the web service that the recipe set up on the front and checks that the recipe's work is in its answer.
import { member, parseJson } from './json.js';

const CALL_MS = 10_000;

/** Answer of the service as text. @throws Error when it does not answer, or does not list the expected number of workers. */
export async function requestService(url: string, expectedWorkers: number): Promise<string> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(CALL_MS) });
  const content = await answer.text();
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}: ${content.slice(0, 500)}`);
  const workers = member(parseJson(content), 'workers');
  const count = Array.isArray(workers) ? workers.length : 0;
  if (count !== expectedWorkers) {
    throw new Error(`${url} lists ${count} workers, not ${expectedWorkers}: ${content.slice(0, 500)}`);
  }
  return content.trim();
}
