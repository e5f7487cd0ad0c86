// SPDX-License-Identifier: Apache-2.0
// A connector that asks before each call that changes something at the provider whether it may still be made.
import type { CloudConnector, LaunchRequest } from '../connectors/index.js';

/** Calls that change something. The others may come late without harm. */
const CHANGING: ReadonlySet<string | symbol> = new Set<keyof CloudConnector>([
  'launch',
  'adopt',
  'destroy',
  'destroyResource',
  'start',
  'stop',
  'reboot',
  'alter',
  'snapshot',
  'deleteImage',
]);

/** @param mayChange throws when nothing may be changed any more: another daemon works on the infrastructure */
export function guardedConnector(connector: CloudConnector, mayChange: () => Promise<void>): CloudConnector {
  return new Proxy(connector, {
    get(target, key) {
      const member: unknown = Reflect.get(target, key);
      if (typeof member !== 'function') {
        return member;
      }
      if (key === 'launch') {
        return (request: LaunchRequest) => launch(target, request, mayChange);
      }
      if (!CHANGING.has(key)) {
        return member.bind(target);
      }
      return async (...parameters: unknown[]): Promise<unknown> => {
        await mayChange();
        return member.apply(target, parameters);
      };
    },
  });
}

async function* launch(
  connector: CloudConnector,
  request: LaunchRequest,
  mayChange: () => Promise<void>,
): ReturnType<CloudConnector['launch']> extends AsyncIterable<infer Outcome> ? AsyncGenerator<Outcome> : never {
  await mayChange();
  yield* connector.launch(request);
}
