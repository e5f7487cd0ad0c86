// SPDX-License-Identifier: Apache-2.0
// The command line of im-admin: which command is meant, and with what.
import { parseArgs } from 'node:util';
import { errorText } from '../domain/index.js';
import { nearestName } from '../util/nearest-name.js';
import type { AdminCommand, Arguments, CommandOption } from './command.js';

/** What was asked for. */
export type Request =
  | { readonly kind: 'run'; readonly command: AdminCommand; readonly args: Arguments; readonly configFile?: string }
  | { readonly kind: 'help'; readonly command?: AdminCommand }
  | { readonly kind: 'version' }
  /** Print the message on standard error and exit with 2. */
  | { readonly kind: 'usage-error'; readonly message: string };

const CONFIG: CommandOption = { name: 'config', value: 'FILE', help: 'read FILE as im.cfg' };
const HELP: CommandOption = { name: 'help', help: 'print the help of the command' };
/** Options that every command has. */
export const COMMON_OPTIONS: readonly CommandOption[] = [CONFIG, HELP];

/** Reads the arguments after the program name. */
export function parseAdminCommandLine(args: readonly string[], commands: readonly AdminCommand[]): Request {
  const { configFile, rest, problem } = takeLeadingOptions(args);
  if (problem !== undefined) return usageError(problem);
  const [first] = rest;
  if (first === undefined || first === '--help' || first === '-h') return { kind: 'help' };
  if (first === '--version') return { kind: 'version' };
  if (first === 'help') {
    const wanted = rest.slice(1).join(' ');
    const command = commands.find(({ name }) => name === wanted);
    if (wanted === '') return { kind: 'help' };
    return command === undefined ? unknownCommand(rest.slice(1), commands) : { kind: 'help', command };
  }
  const command = commands.find(({ name }) => name.split(' ').every((word, index) => rest[index] === word));
  if (command === undefined) return unknownCommand(rest, commands);
  return readArguments(command, rest.slice(command.name.split(' ').length), configFile);
}

function takeLeadingOptions(args: readonly string[]): {
  readonly configFile?: string;
  readonly rest: readonly string[];
  readonly problem?: string;
} {
  const [first, second, ...others] = args;
  if (first?.startsWith('--config=')) return { configFile: first.slice('--config='.length), rest: args.slice(1) };
  if (first !== '--config') return { rest: args };
  return second === undefined
    ? { rest: [], problem: 'Option --config needs the path of a file.' }
    : { configFile: second, rest: others };
}

function readArguments(command: AdminCommand, args: readonly string[], leadingConfig: string | undefined): Request {
  let parsed: Pick<ReturnType<typeof parseArgs>, 'values' | 'positionals'>;
  try {
    parsed = parseArgs({
      args: [...args],
      allowPositionals: true,
      strict: true,
      options: Object.fromEntries(
        [...command.options, ...COMMON_OPTIONS].map(({ name, value }) => [
          name,
          value === undefined ? { type: 'boolean' } : { type: 'string' },
        ]),
      ),
    });
  } catch (error) {
    return usageError(`${errorText(error)} Try: im-admin help ${command.name}`);
  }
  const entries = Object.entries(parsed.values);
  const flags = new Set(entries.filter(([, value]) => value === true).map(([name]) => name));
  if (flags.has('help')) return { kind: 'help', command };
  const values = new Map(entries.flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])));
  const words = parsed.positionals;
  const { min, max } = command.wordCount;
  if (words.length < min || words.length > max) {
    const found = words.length < min ? 'Something is missing' : `There is something too much: ${words[max]}`;
    return usageError(`${found}. Usage: ${usage(command)}`);
  }
  const configFile = values.get('config') ?? leadingConfig;
  return { kind: 'run', command, args: { words, flags, values }, ...(configFile !== undefined && { configFile }) };
}

function unknownCommand(words: readonly string[], commands: readonly AdminCommand[]): Request {
  const [first = ''] = words;
  const family = commands.filter(({ name }) => name.startsWith(`${first} `));
  if (family.length > 0) {
    return usageError(`${first} needs one of: ${family.map(({ name }) => name.slice(first.length + 1)).join(', ')}.`);
  }
  const meant = nearestName(
    first,
    commands.map(({ name }) => name.split(' ')[0] ?? ''),
  );
  const hint = meant === undefined ? '' : ` Did you mean ${meant}?`;
  return usageError(`Unknown command ${first}.${hint} Try --help.`);
}

function usageError(message: string): Request {
  return { kind: 'usage-error', message };
}

/** `im-admin export [OPTION]... ID [FILE]`. */
export function usage({ name, words, options }: AdminCommand): string {
  return ['im-admin', name, ...(options.length > 0 ? ['[OPTION]...'] : []), ...(words === '' ? [] : [words])].join(' ');
}
