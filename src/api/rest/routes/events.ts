// SPDX-License-Identifier: Apache-2.0
// Routes of events (server-sent): of one infrastructure, and of all of the caller. Not in the reference.
import { text } from '../parameters.js';
import type { Route } from '../route.js';

const AFTER = text(
  'after',
  'As the header Last-Event-ID, for clients that cannot set headers; the header counts more.',
);
const EVENTS = { defaultType: 'text/event-stream', ignoresAccept: true } as const;

export const eventRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/events',
    operationId: 'GetEvents',
    summary: 'Follows all infrastructures of the caller: `infrastructure` with the new state, `deleted`.',
    parameters: [AFTER],
    isStream: true,
    produces: EVENTS,
    errors: { prefix: 'Error Getting events: ' },
    handle: async ({ manager, call, get, lastEventId }) => ({
      kind: 'events',
      events: await manager.followInfrastructures(call, lastEventId ?? get(AFTER)),
    }),
  },
  {
    method: 'GET',
    path: '/infrastructures/:infId/events',
    operationId: 'GetInfrastructureEvents',
    summary:
      'Follows an infrastructure: `state` with reasons, `operation`, `log` with the added text, `deleted` at its end.',
    parameters: [AFTER],
    isStream: true,
    produces: EVENTS,
    errors: { prefix: 'Error Getting events: ' },
    handle: async ({ manager, call, param, get, lastEventId }) => ({
      kind: 'events',
      events: await manager.followInfrastructure(call, param('infId'), lastEventId ?? get(AFTER)),
    }),
  },
];
