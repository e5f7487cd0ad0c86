// SPDX-License-Identifier: Apache-2.0
// Makes the context of a command over the real world, and closes what the command opened.
import { stat } from 'node:fs/promises';
import type { LoadedConfig } from '../config/load.js';
import { ImError } from '../domain/index.js';
import { openStore, parseDataDb, type Store } from '../store/index.js';
import type { Logger } from '../util/logger.js';
import { maskUrls } from '../util/mask-url.js';
import type { AdminContext } from './command.js';

/** What {@link createContext} needs. */
export interface AdminWorld {
  readonly loadConfig: () => LoadedConfig;
  readonly out: (line: string) => void;
  readonly note: (line: string) => void;
  readonly readSecret: (prompt: string) => Promise<string>;
  readonly now: () => number;
  readonly newId: () => string;
  readonly holder: string;
}

/** A context, and the end of it. */
export interface OpenContext extends AdminContext {
  close(): Promise<void>;
}

/** Makes a context. Configuration and database are read when a command first asks for them. */
export function createContext(world: AdminWorld): OpenContext {
  const { out, note, readSecret, now, newId, holder } = world;
  const logger = noteLogger(note);
  let loaded: LoadedConfig | undefined;
  let store: Store | undefined;
  const load = (): LoadedConfig => {
    loaded ??= world.loadConfig();
    return loaded;
  };
  return {
    out,
    note,
    readSecret,
    now,
    newId,
    holder,
    logger,
    load,
    get config() {
      return load().config;
    },
    async openStore() {
      const { dataDb, secretsKeyFile } = load().config;
      await requireFile(dataDb);
      store ??= await openStore({ url: dataDb, keyFile: secretsKeyFile, logger, now, newId });
      await store.migrate();
      return store;
    },
    async close() {
      await store?.close();
    },
  };
}

/** A mistyped path must not make a new, empty database. @throws ImError `store-unavailable` */
async function requireFile(url: string): Promise<void> {
  const location = parseDataDb(url);
  if (location.kind !== 'sqlite') {
    return;
  }
  try {
    await stat(location.path);
  } catch (error) {
    throw new ImError(
      'store-unavailable',
      `There is no database ${location.path}: check DATA_DB (${maskUrls(url)}) or --config, or make it with im-admin migrate.`,
      { cause: error },
    );
  }
}

/** Warnings, errors and information as lines; what is for developers is left out. */
function noteLogger(note: (line: string) => void): Logger {
  const logger: Logger = {
    debug: () => undefined,
    info: (message) => note(message),
    warn: (message) => note(`warning: ${message}`),
    error: (message) => note(`error: ${message}`),
    child: () => logger,
  };
  return logger;
}
