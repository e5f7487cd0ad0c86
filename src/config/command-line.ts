// SPDX-License-Identifier: Apache-2.0
// The command line of the daemon (operations.md §1): what the arguments ask for, as a value.
import { nearestName } from '../util/nearest-name.js';

/** What the daemon was asked to do. */
export type Command =
  | { readonly kind: 'run'; readonly configFile?: string }
  | { readonly kind: 'check-config'; readonly configFile?: string }
  | { readonly kind: 'print-config'; readonly configFile?: string }
  | { readonly kind: 'version' }
  | { readonly kind: 'help' }
  /** Print the message on standard error and exit with 2. */
  | { readonly kind: 'usage-error'; readonly message: string };

const KNOWN = ['--config', '--check-config', '--print-config', '--version', '--help', '-h'];

function unknown(argument: string): Command {
  const meant = argument.startsWith('-') ? nearestName(argument, KNOWN) : undefined;
  const hint = meant === undefined ? '' : ` Did you mean ${meant}?`;
  const what = argument.startsWith('-') ? 'option' : 'argument';
  return { kind: 'usage-error', message: `Unknown ${what} ${argument}.${hint} Try --help.` };
}

/**
 * Reads the arguments after the program name. `--help` and `--version` win over everything, `--check-config` over
 * `--print-config`.
 */
export function parseCommandLine(args: readonly string[]): Command {
  let configFile: string | undefined;
  const asked = new Set<string>();
  let wrong: Command | undefined;
  const rest = [...args];
  for (let argument = rest.shift(); argument !== undefined; argument = rest.shift()) {
    if (argument === '--config' || argument.startsWith('--config=')) {
      const file = argument === '--config' ? rest.shift() : argument.slice('--config='.length);
      if (file) configFile = file;
      else wrong ??= { kind: 'usage-error', message: 'Option --config needs the path of a file.' };
    } else if (KNOWN.includes(argument)) {
      asked.add(argument);
    } else {
      wrong ??= unknown(argument);
    }
  }
  if (asked.has('--help') || asked.has('-h')) return { kind: 'help' };
  if (asked.has('--version')) return { kind: 'version' };
  if (wrong) return wrong;
  const kind = asked.has('--check-config') ? 'check-config' : asked.has('--print-config') ? 'print-config' : 'run';
  return configFile === undefined ? { kind } : { kind, configFile };
}
