// SPDX-License-Identifier: Apache-2.0
// Use case: follow one infrastructure. Events are made from what is stored, so any daemon tells the same, also after a restart: a client
// that comes again with the id of its last event gets what it missed.
import { type Caller, isGranted, type Operation } from '../../domain/index.js';
import { admitToInfrastructure, refresh } from '../access.js';
import { watchCredentials } from '../credential-watch.js';
import type { ManagerEnvironment } from '../environment.js';
import type { Call, ManagerEvent } from '../manager.js';
import { operationSummary } from '../operation-list.js';
import type { ChangeFeed } from './change-feed.js';
import { operationData, stateData } from './event-data.js';
import { createFollower } from './follower.js';

/** How much a client has. */
interface Position {
  /** Version of the infrastructure. */
  version: number;
  /** Operations that changed before are known, milliseconds since 1970. */
  time: number;
  /** Characters of its log. */
  logSize: number;
}

/** A longer log comes in several events. */
const LOG_CHARACTERS = 64 * 1024;
/** Time passes too: a machine that does not answer becomes `unknown` without any change of its row. */
const LOOK_ANYWAY_MS = 10_000;
/** Daemons write times by clocks of their own. */
const CLOCK_SKEW_MS = 5_000;

/** The events of an infrastructure after a position. Without one: its present state, then what happens. */
export async function followInfrastructure(
  environment: ManagerEnvironment,
  feed: ChangeFeed,
  call: Call,
  infrastructureId: string,
  after: string | undefined,
): Promise<AsyncIterable<ManagerEvent>> {
  const { caller } = await admitToInfrastructure(environment, call, infrastructureId, 'read');
  const known = parsePosition(after);
  const position = known ?? {
    version: 0,
    time: environment.now(),
    logSize: (await environment.store.readLog(infrastructureId, null, Number.MAX_SAFE_INTEGER)).size,
  };
  const isMine = async (): Promise<boolean> => {
    const header = await environment.store.getHeader(infrastructureId);
    return header !== undefined && !header.isDeleted && isGranted(caller, header.owners);
  };
  return events(environment, feed, call, caller, infrastructureId, position, isMine);
}

async function* events(
  environment: ManagerEnvironment,
  feed: ChangeFeed,
  call: Call,
  caller: Caller,
  id: string,
  position: Position,
  isMine: () => Promise<boolean>,
): AsyncGenerator<ManagerEvent> {
  const { store } = environment;
  const { signal } = call;
  const areGood = watchCredentials(environment, call);
  const follower = createFollower(feed, signal, id);
  const told = new Map<string, string>();
  let toldState = '';
  try {
    while (!signal.aborted && (await areGood())) {
      const header = await store.getHeader(id);
      if (header === undefined || !(await isMine())) {
        yield { id: idOf(position), name: 'deleted', data: { infrastructure: id } };
        return;
      }
      const looked = environment.now();
      for (const operation of await store.listOperations({ infrastructureId: id })) {
        const form = `${operation.state} ${operation.error?.code ?? ''}`;
        if (changedAt(operation) >= position.time - CLOCK_SKEW_MS && told.get(operation.id) !== form) {
          told.set(operation.id, form);
          yield {
            id: idOf(position),
            name: 'operation',
            data: { infrastructure: id, ...operationData(operationSummary(operation)) },
          };
        }
      }
      yield* logEvents(environment, id, position);
      position.version = header.version;
      position.time = looked;
      const state = stateData(await feed.explain(header));
      const form = JSON.stringify(state);
      if (form !== toldState) {
        toldState = form;
        yield { id: idOf(position), name: 'state', data: { infrastructure: id, version: header.version, ...state } };
      }
      refresh(environment, caller, id);
      await follower.changes(LOOK_ANYWAY_MS);
    }
  } finally {
    follower.end();
  }
}

/** What was added to the log since; from its beginning when it was begun anew. */
async function* logEvents({ store }: ManagerEnvironment, id: string, position: Position): AsyncGenerator<ManagerEvent> {
  for (;;) {
    const { text, size } = await store.readLog(id, null, position.logSize);
    if (size < position.logSize) {
      position.logSize = 0;
      if (size > 0) continue;
    }
    if (text === '') return;
    for (let start = 0; start < text.length; start += LOG_CHARACTERS) {
      const part = text.slice(start, start + LOG_CHARACTERS);
      const offset = position.logSize;
      position.logSize += part.length;
      yield { id: idOf(position), name: 'log', data: { infrastructure: id, offset, text: part } };
    }
    return;
  }
}

const changedAt = ({ createdAt, startedAt, finishedAt }: Operation): number =>
  Math.max(createdAt, startedAt ?? 0, finishedAt ?? 0);

const idOf = ({ version, time, logSize }: Position): string => `${version}-${time}-${logSize}`;

function parsePosition(text: string | undefined): Position | undefined {
  const match = /^(\d{1,15})-(\d{1,15})-(\d{1,15})$/.exec(text ?? '');
  return match === null ? undefined : { version: Number(match[1]), time: Number(match[2]), logSize: Number(match[3]) };
}
