// SPDX-License-Identifier: Apache-2.0
// What a command of im-admin is, and what it gets to work with.
import type { Config } from '../config/config.js';
import type { LoadedConfig } from '../config/load.js';
import type { Store } from '../store/index.js';
import type { Logger } from '../util/logger.js';

/** An option of a command. */
export interface CommandOption {
  /** Without the dashes. */
  readonly name: string;
  /** Present when the option takes a value: how the help calls it. */
  readonly value?: string;
  readonly help: string;
}

/** The words and options after the name of a command, checked against what it declares. */
export interface Arguments {
  readonly words: readonly string[];
  readonly flags: ReadonlySet<string>;
  readonly values: ReadonlyMap<string, string>;
}

/** Everything from outside. */
export interface AdminContext {
  /** Reads the configuration. @throws ConfigError when it cannot be used */
  load(): LoadedConfig;
  /** The effective configuration. @throws ConfigError when it cannot be used */
  readonly config: Config;
  /**
   * The database that DATA_DB names, brought to the tables of this release; closed when the command has ended.
   * @throws ImError `store-unavailable` when there is none
   */
  openStore(): Promise<Store>;
  /** Writes a line of the result to standard output. */
  out(line: string): void;
  /** Writes a remark to standard error. */
  note(line: string): void;
  /** Reads a line from standard input; what is typed is not shown. */
  readSecret(prompt: string): Promise<string>;
  /** Its lines go to standard error. */
  readonly logger: Logger;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly newId: () => string;
  /** Names this run among the holders of leases. */
  readonly holder: string;
}

/** One command. */
export interface AdminCommand {
  /** What is typed; `operations list` has two words. */
  readonly name: string;
  /** The words that follow, as the help shows them: `ID [FILE]`. */
  readonly words: string;
  readonly wordCount: { readonly min: number; readonly max: number };
  readonly options: readonly CommandOption[];
  /** One line for the list of commands. */
  readonly summary: string;
  /** What else there is to know. */
  readonly details?: string;
  /** What exit status 1 tells, as the help says it after `1 `. */
  readonly failure: string;
  /** Command lines that work as they stand, but for names. */
  readonly examples: readonly [string, ...string[]];
  /** @returns exit status: 0 done, 1 not. @throws UsageError for words and values that cannot be meant (exit status 2) */
  run(context: AdminContext, args: Arguments): Promise<number>;
}

/** `--json`, the same for every command that has it. */
export const JSON_OPTION: CommandOption = { name: 'json', help: 'print JSON instead of text' };

/** `--dry-run`, the same for every command that has it. */
export const DRY_RUN_OPTION: CommandOption = { name: 'dry-run', help: 'say what would be done and do nothing' };
