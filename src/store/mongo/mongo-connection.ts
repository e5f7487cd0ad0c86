// SPDX-License-Identifier: Apache-2.0
// A connected MongoDB: the driver's client with our time limits, and reads with bounded patience and clear errors.
import type { Db, MongoClient } from 'mongodb';
import { ImError } from '../../domain/index.js';
import type { Logger } from '../../util/logger.js';
import type { MongoLocation } from '../data-db.js';
import { createPatientRunner, type FailureReader, type Patience, type PatientRunner } from '../patience.js';
import { readPem } from '../sql/tls-settings.js';
import { mongoFailures } from './mongo-errors.js';
import { watchStuckConnections } from './stuck-connections.js';

/** A connection to the database of a location. */
export interface MongoConnection {
  readonly client: MongoClient;
  readonly db: Db;
  /** The database in error texts and logs. */
  readonly place: string;
  readonly failures: FailureReader;
  readonly patient: PatientRunner;
  readonly patience: Patience;
  /** Replica sets and sharded clusters have transactions. */
  readonly hasTransactions: boolean;
  /** Runs queries. They are repeated when the server is lost. */
  read<T>(work: (db: Db) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** How patient a connection is, milliseconds. */
export interface MongoConnectionOptions {
  readonly lockTimeoutMs: number;
  readonly lostTimeoutMs: number;
  readonly startTimeoutMs: number;
  /** How long the server may take for one command. */
  readonly statementTimeoutMs: number;
  readonly logger: Logger;
  readonly elapsed?: () => number;
}

const TLS_FILES: ReadonlySet<string> = new Set(['tlscafile', 'tlscertificatekeyfile', 'tlscrlfile']);
const CONNECT_TIMEOUT_MS = 5_000;
const SELECTION_TIMEOUT_MS = 2_000;
/** How soon a lost server is noticed that nobody asks for anything. */
const HEARTBEAT_MS = 2_000;
/** Commands have the time limit of a statement from the driver; what is left of them after that is stuck. */
const STUCK_GRACE_MS = 5_000;
const STUCK_AFTER_LOSS_MS = 1_000;

/** @throws ImError `store-unavailable` when the server does not answer or the URL cannot be used */
export async function connectMongo(location: MongoLocation, options: MongoConnectionOptions): Promise<MongoConnection> {
  const place = `${location.database} at ${location.hosts}`;
  const failures = mongoFailures(place);
  const closing = new AbortController();
  const elapsed = options.elapsed ?? (() => performance.now());
  const patience = { lockedMs: options.lockTimeoutMs, lostMs: options.lostTimeoutMs };
  const client = await createClient(location, place, options.statementTimeoutMs);
  const stuck = watchStuckConnections(client, {
    commandMs: options.statementTimeoutMs + STUCK_GRACE_MS,
    lostMs: STUCK_AFTER_LOSS_MS,
    elapsed,
  });
  const tries = createPatientRunner(failures, closing.signal, elapsed);
  const patient: PatientRunner = { run: (task, limits) => tries.run(() => stuck.guard(task), limits) };
  const db = client.db(location.database);

  async function close(): Promise<void> {
    if (!closing.signal.aborted) {
      closing.abort(new ImError('store-unavailable', `The database ${place} is closed: the daemon is stopping.`));
      stuck.stop();
      await client.close();
    }
  }

  let isLate = false;
  try {
    const hello = await patient.run(
      async () => {
        try {
          return await db.command({ hello: 1 });
        } catch (error) {
          if (!isLate && failures.failureKind(error) === 'lost') {
            isLate = true;
            const seconds = Math.ceil(options.startTimeoutMs / 1000);
            options.logger.warn(`${failures.describe(error).message} It is tried again for ${seconds} s.`);
          }
          throw error;
        }
      },
      { ...patience, lostMs: options.startTimeoutMs },
    );
    const hasTransactions = typeof hello.setName === 'string' || hello.msg === 'isdbgrid';
    return {
      client,
      db,
      place,
      failures,
      patient,
      patience,
      hasTransactions,
      read: (work) => patient.run(() => work(db), patience),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** What the URL says wins over our limits (see mongo-options.ts); that writes are durable and reads see them is not left to it. */
export async function createClient(
  { url }: MongoLocation,
  place: string,
  statementTimeoutMs: number,
): Promise<MongoClient> {
  // Loaded only where it is used.
  const { MongoClient: Client } = await import('mongodb');
  const asked = new URLSearchParams(url.includes('?') ? url.slice(url.indexOf('?') + 1) : '');
  // The driver reads them when it connects, and what is wrong with them then looks like a lost server.
  await Promise.all([...asked].map(([name, path]) => (TLS_FILES.has(name.toLowerCase()) ? readPem(path) : undefined)));
  const limits = {
    connectTimeoutMS: CONNECT_TIMEOUT_MS,
    serverSelectionTimeoutMS: SELECTION_TIMEOUT_MS,
    socketTimeoutMS: statementTimeoutMs,
    waitQueueTimeoutMS: statementTimeoutMs,
    heartbeatFrequencyMS: HEARTBEAT_MS,
    maxPoolSize: 10,
    appName: 'infrastructure-manager',
  };
  const unasked = Object.fromEntries(
    Object.entries(limits).filter(
      ([name]) => ![...asked.keys()].some((key) => key.toLowerCase() === name.toLowerCase()),
    ),
  );
  try {
    return new Client(url, {
      ...unasked,
      writeConcern: { w: 'majority', journal: true },
      readConcern: { level: 'majority' },
      readPreference: 'primary',
      ignoreUndefined: true,
    });
  } catch (error) {
    // The driver's texts can quote the URL, and with it the password.
    const { name, message } = error instanceof Error ? error : new Error('error');
    const words = new Set(message.toLowerCase().match(/[\w-]+/g));
    const culprit = [...asked.keys()].find((option) => words.has(option.toLowerCase()));
    throw new ImError(
      'store-unavailable',
      culprit === undefined
        ? `DATA_DB of the database ${place} cannot be used (${name}): correct its hosts and options.`
        : `The option '${culprit}' of DATA_DB cannot be used (${name}): correct or remove it.`,
    );
  }
}
