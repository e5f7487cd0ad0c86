// SPDX-License-Identifier: Apache-2.0
// im-admin for tests: a directory with a configuration and a database, the program run in this process, and what it printed.
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runAdmin } from '../../src/admin/run.js';
import { readTextFile } from '../../src/config/file-access.js';
import { loadConfig } from '../../src/config/load.js';
import { openStore, type Store } from '../../src/store/index.js';
import { silentLogger } from '../../src/util/logger.js';

/** What a run printed and how it ended. */
export interface AdminRun {
  readonly status: number;
  readonly out: readonly string[];
  readonly notes: readonly string[];
  /** All that was printed. */
  readonly text: string;
}

/** A directory with `im.cfg`, and the stores that a test opened on its database. */
export class AdminHouse {
  readonly #opened: Store[] = [];
  /** What somebody types. */
  typed = '';
  /** The clock of program and stores. */
  now = Date.UTC(2026, 10, 20, 12);

  private constructor(readonly directory: string) {}

  /** @param options further lines of im.cfg */
  static async make(options: Readonly<Record<string, string | number>> = {}): Promise<AdminHouse> {
    const house = new AdminHouse(await mkdtemp(join(tmpdir(), 'im-admin-')));
    await house.configure(options);
    return house;
  }

  async configure(options: Readonly<Record<string, string | number>>): Promise<void> {
    const all = { DATA_DB: `sqlite://${this.database}`, LOG_FILE: this.path('im.log'), ...options };
    const lines = Object.entries(all).map(([name, value]) => `${name} = ${value}\n`);
    await writeFile(this.path('im.cfg'), `[im]\n${lines.join('')}`, { mode: 0o600 });
  }

  path(name: string): string {
    return join(this.directory, name);
  }

  get database(): string {
    return this.path('inf.dat');
  }

  get keyFile(): string {
    return this.path('im-secrets.key');
  }

  /** A store on the database, as a daemon has it. */
  async open(): Promise<Store> {
    const store = await openStore({
      url: `sqlite://${this.database}`,
      keyFile: this.keyFile,
      logger: silentLogger,
      now: () => this.now,
    });
    this.#opened.push(store);
    await store.migrate();
    return store;
  }

  /** Closes what {@link open} opened: the daemon is stopped. */
  async closeStores(): Promise<void> {
    await Promise.all(this.#opened.splice(0).map((store) => store.close()));
  }

  async run(...args: readonly string[]): Promise<AdminRun> {
    const out: string[] = [];
    const notes: string[] = [];
    const status = await runAdmin(args, {
      loadConfig: (file) =>
        loadConfig({
          file: file ?? this.path('im.cfg'),
          environment: {},
          readFile: readTextFile,
          installDir: this.directory,
          hostName: 'test',
        }),
      out: (line) => out.push(line),
      note: (line) => notes.push(line),
      readSecret: async () => this.typed,
      now: () => this.now,
      newId: randomUUID,
      holder: 'im-admin under test',
    });
    return { status, out, notes, text: [...out, ...notes].join('\n') };
  }

  async demolish(): Promise<void> {
    await this.closeStores();
    await rm(this.directory, { recursive: true, force: true });
  }
}
