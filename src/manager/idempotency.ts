// SPDX-License-Identifier: Apache-2.0
// Requests that are sent again do their work once: create and add with an idempotency key (24 hours, per caller and route).
//
// The key needs no table of its own: the id of what a request makes follows from it, so that the store refuses a second one and a
// restart forgets nothing.
import { createHash } from 'node:crypto';
import { type Caller, ImError, isFinal, type Operation, ownerIdentity } from '../domain/index.js';
import { admit, admitToInfrastructure } from './access.js';
import { addResources } from './add-resources.js';
import { createInfrastructure } from './create.js';
import type { ManagerEnvironment } from './environment.js';
import type { InfrastructureManager } from './manager.js';
import { isSameRequest, type Once } from './once.js';
import { neededResultOfEnded, resultOfEnded } from './outcome.js';

const KEPT_MS = 86_400_000;

type IdempotentUseCases = Pick<InfrastructureManager, 'createInfrastructure' | 'addResources'>;

/** A request with a key, on its way. */
interface KeyedRequest<T> {
  readonly fingerprint: string;
  /** Whose key it is, for which route, and the key. */
  readonly scope: string;
  /** The operation that was accepted under this id. */
  find(id: string): Promise<Operation | undefined>;
  /** The answer that the operation gave. @throws ImError the failure that it gave, or 409 while there is none */
  answer(operation: Operation, id: string): T;
  run(once: Once): Promise<T>;
}

/** The two use cases; calls without key pass through unchanged. */
export function createIdempotentUseCases(environment: ManagerEnvironment): IdempotentUseCases {
  const { store, now } = environment;
  /** Requests that this daemon is working on, by scope. */
  const working = new Map<string, string>();

  const recorded = async <T>(
    request: KeyedRequest<T>,
  ): Promise<{ readonly id: string; readonly value: T } | undefined> => {
    for (const id of idsAt(request.scope, now())) {
      const operation = await request.find(id);
      if (operation === undefined || now() - operation.createdAt >= KEPT_MS) continue;
      if (!isSameRequest(operation, request.fingerprint)) throw keyReused();
      return { id, value: request.answer(operation, id) };
    }
    return undefined;
  };

  const once = async <T>(request: KeyedRequest<T>): Promise<T> => {
    const { scope, fingerprint } = request;
    const other = working.get(scope);
    if (other !== undefined) throw other === fingerprint ? stillRunning() : keyReused();
    working.set(scope, fingerprint);
    try {
      const known = await recorded(request);
      if (known !== undefined) return known.value;
      try {
        return await request.run({ id: idsAt(scope, now())[0], fingerprint });
      } catch (error) {
        // Another daemon may have accepted the same request in the meantime: then its answer is ours.
        const isForeseen = error instanceof ImError && error.code !== 'internal';
        const byOther = isForeseen ? undefined : await recorded(request);
        if (byOther === undefined) throw error;
        return byOther.value;
      }
    } finally {
      working.delete(scope);
    }
  };

  return {
    createInfrastructure: async (call, document, options) => {
      const { idempotency } = call;
      if (idempotency === undefined) return createInfrastructure(environment, call, document, options);
      const caller = await admit(environment, call, 'write');
      return once({
        fingerprint: idempotency.fingerprint,
        scope: scopeOf(caller, 'create', idempotency.key),
        find: async (id) =>
          (await store.listOperations({ infrastructureId: id })).find(({ kind }) => kind === 'create'),
        answer: (operation, id) => {
          // An asynchronous creation was answered when it was accepted, whatever became of it.
          if (!options.isAsync) resultOfEnded(ended(operation));
          return { infrastructureId: id };
        },
        run: (mark) => createInfrastructure(environment, call, document, options, mark),
      });
    },
    addResources: async (call, infrastructureId, document, options) => {
      const { idempotency } = call;
      if (idempotency === undefined) return addResources(environment, call, infrastructureId, document, options);
      const { caller } = await admitToInfrastructure(environment, call, infrastructureId, 'write', 'people-and-nodes');
      return once({
        fingerprint: idempotency.fingerprint,
        scope: scopeOf(caller, `add ${infrastructureId}`, idempotency.key),
        find: (id) => store.getOperation(id),
        answer: (operation) => {
          const { vmNumbers } = neededResultOfEnded(ended(operation));
          return { vmNumbers: Array.isArray(vmNumbers) ? vmNumbers.map(Number) : [] };
        },
        run: (mark) => addResources(environment, call, infrastructureId, document, options, mark),
      });
    },
  };
}

const keyReused = (): ImError =>
  new ImError(
    'idempotency-key-reused',
    'The Idempotency-Key was used for another request. Send this one with a new key.',
  );

const stillRunning = (): ImError =>
  new ImError(
    'incorrect-state',
    'The first request with this Idempotency-Key is still being worked on. Ask again later.',
  );

/** The operation, once it has ended. @throws ImError `incorrect-state` before that */
function ended(operation: Operation): Operation {
  if (!isFinal(operation.state)) throw stillRunning();
  return operation;
}

const scopeOf = ({ owners: [owner] }: Caller, route: string, key: string): string =>
  JSON.stringify([ownerIdentity(owner), route, key]);

/** The ids under which a request of now and one of the last 24 hours are recorded, in this order. */
function idsAt(scope: string, now: number): readonly [string, string] {
  const day = Math.floor(now / KEPT_MS);
  return [idOf(scope, day), idOf(scope, day - 1)];
}

/** A UUID of version 8 (RFC 9562: made by the application's own rule). */
function idOf(scope: string, day: number): string {
  const hex = createHash('sha256').update(`${day}\0${scope}`).digest('hex');
  const variant = ((Number.parseInt(hex.slice(16, 17), 16) & 0x3) | 0x8).toString(16);
  const parts = [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    variant + hex.slice(17, 20),
    hex.slice(20, 32),
  ];
  return parts.join('-');
}
