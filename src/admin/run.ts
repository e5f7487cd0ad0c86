// SPDX-License-Identifier: Apache-2.0
// Runs im-admin from its arguments to its exit status.
import { ConfigError } from '../config/config-error.js';
import { versionText } from '../config/help.js';
import type { LoadedConfig } from '../config/load.js';
import { errorText } from '../domain/index.js';
import { VERSION } from '../settings.js';
import { parseAdminCommandLine } from './command-line.js';
import { COMMANDS } from './commands/index.js';
import { type AdminWorld, createContext } from './context.js';
import { commandHelp, programHelp } from './help.js';
import { UsageError } from './usage-error.js';

/** The world, with the configuration still open: `--config` names it. */
export interface ProgramWorld extends Omit<AdminWorld, 'loadConfig'> {
  readonly loadConfig: (file: string | undefined) => LoadedConfig;
}

/** @returns exit status: 0 done, 1 not done, 2 wrong command line or configuration */
export async function runAdmin(args: readonly string[], world: ProgramWorld): Promise<number> {
  const request = parseAdminCommandLine(args, COMMANDS);
  switch (request.kind) {
    case 'version':
      world.out(versionText(VERSION));
      return 0;
    case 'help':
      world.out(request.command === undefined ? programHelp(COMMANDS) : commandHelp(request.command));
      return 0;
    case 'usage-error':
      world.note(request.message);
      return 2;
    case 'run': {
      const context = createContext({ ...world, loadConfig: () => world.loadConfig(request.configFile) });
      try {
        return await request.command.run(context, request.args);
      } catch (error) {
        world.note(errorText(error));
        return error instanceof ConfigError || error instanceof UsageError ? 2 : 1;
      } finally {
        await context.close();
      }
    }
  }
}
