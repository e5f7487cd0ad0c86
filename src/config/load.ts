// SPDX-License-Identifier: Apache-2.0
// Makes the effective configuration: built-in default < im.cfg < environment IM_<OPTION>.
import type { Config, ValuesOf } from './config.js';
import { ConfigError } from './config-error.js';
import { type Environment, type ReadFile, readEnvironmentSettings } from './environment-settings.js';
import { readFileSettings, type SourceReading } from './file-settings.js';
import { type DefaultContext, type OptionDefinition, ValueError } from './option.js';
import { imOptions, openNebulaOptions } from './option-table.js';
import { chooseSettings, type Setting } from './setting.js';

/** The precedence of the sources, in one line. */
export const PRECEDENCE =
  'environment IM_<OPTION> (or IM_<OPTION>_FILE) over im.cfg over the built-in default; the first im.cfg of --config, ' +
  '$IM_CFG, $IM_PATH/etc/im.cfg, /etc/im/im.cfg is read';

/** What {@link loadConfig} needs of the world. */
export interface LoadRequest {
  /** The file of `--config`; it must exist. */
  readonly file?: string | undefined;
  readonly environment: Environment;
  readonly readFile: ReadFile;
  /** Directory of the program; `IM_PATH` overrides it. */
  readonly installDir: string;
  readonly hostName: string;
}

/** The effective configuration and how it came about. */
export interface LoadedConfig {
  readonly config: Config;
  /** Full sentences for the log. */
  readonly warnings: readonly string[];
  /** The im.cfg that was read, if any. */
  readonly filesRead: readonly string[];
  /** Where each option that is not at its default was set. */
  readonly origins: ReadonlyMap<OptionDefinition<unknown>, string>;
}

interface ChosenFile {
  readonly path: string;
  readonly text: string;
}

/** The first of the candidate files that exists; the ones that somebody named must. */
function chooseFile(request: LoadRequest): ChosenFile | undefined {
  const { environment } = request;
  const named = request.file ?? (environment.IM_CFG || undefined);
  const candidates =
    named !== undefined
      ? [named]
      : [...(environment.IM_PATH ? [`${environment.IM_PATH}/etc/im.cfg`] : []), '/etc/im/im.cfg'];
  for (const path of candidates) {
    let text: string | undefined;
    try {
      text = request.readFile(path);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new ConfigError([`Configuration file ${path} cannot be read: ${reason}.`]);
    }
    if (text !== undefined) return { path, text };
  }
  if (named === undefined) return undefined;
  const source = request.file === undefined ? 'the environment variable IM_CFG' : '--config';
  throw new ConfigError([`Configuration file ${named}, named by ${source}, does not exist.`]);
}

type OptionSet = Readonly<Record<string, OptionDefinition<unknown>>>;

/** Whether the object has a value for each option of the set; what the values are, each option's parser has ensured. */
function isComplete<Options extends OptionSet>(options: Options, values: object): values is ValuesOf<Options> {
  return Object.keys(options).every((key) => key in values);
}

function readSet<Options extends OptionSet>(
  options: Options,
  resolve: (option: OptionDefinition<unknown>) => unknown,
): ValuesOf<Options> {
  const values = Object.freeze(
    Object.fromEntries(Object.entries(options).map(([key, option]) => [key, deepFreeze(resolve(option))])),
  );
  if (!isComplete(options, values)) throw new TypeError('An option has no value.');
  return values;
}

function deepFreeze(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  for (const inner of Object.values(value)) deepFreeze(inner);
  return Object.freeze(value);
}

/**
 * Makes the effective configuration. Pure apart from `readFile`.
 * @throws ConfigError with every problem found, each naming option, value and place; values of secrets are not quoted.
 */
export function loadConfig(request: LoadRequest): LoadedConfig {
  const file = chooseFile(request);
  const nothing: SourceReading = { settings: [], warnings: [], problems: [] };
  const fromFile = file ? readFileSettings(file.path, file.text) : nothing;
  const fromEnvironment = readEnvironmentSettings(request.environment, request.readFile);
  const chosenInFile = chooseSettings(fromFile.settings);
  const chosenInEnvironment = chooseSettings(fromEnvironment.settings);
  const settings = new Map([...chosenInFile.settings, ...chosenInEnvironment.settings]);
  const problems = [...fromFile.problems, ...fromEnvironment.problems];
  const origins = new Map<OptionDefinition<unknown>, string>();

  const parseSetting = <V>(option: OptionDefinition<V>, setting: Setting | undefined, context: DefaultContext): V => {
    const fallback = (): V => (option.default.kind === 'fixed' ? option.default.value : option.default.derive(context));
    if (!setting || (setting.text === '' && option.emptyMeansDefault)) return fallback();
    try {
      const value = option.parse(setting.text);
      origins.set(option, setting.place);
      return value;
    } catch (error) {
      if (!(error instanceof ValueError)) throw error;
      const shown = option.isSecret ? '' : `, not ${JSON.stringify(setting.text)}`;
      problems.push(`Option ${setting.usedName} must be ${error.message}${shown} (${setting.place}).`);
      return fallback();
    }
  };

  // Some defaults follow other options, so those come first.
  const first: DefaultContext = {
    installDir: request.environment.IM_PATH || request.installDir,
    hostName: request.hostName,
    contextualizationDir: '',
    databaseUrl: '',
  };
  const { contextualizationDir, dataDb } = imOptions;
  const context: DefaultContext = {
    ...first,
    contextualizationDir: parseSetting(contextualizationDir, settings.get(contextualizationDir), first),
    databaseUrl: parseSetting(dataDb, settings.get(dataDb), first),
  };
  const resolve = (option: OptionDefinition<unknown>): unknown => parseSetting(option, settings.get(option), context);

  const openNebula = readSet(openNebulaOptions, resolve);
  const config: Config = Object.freeze({ ...readSet(imOptions, resolve), openNebula });
  if (problems.length > 0) throw new ConfigError([...new Set(problems)]);
  return {
    config,
    warnings: [
      ...fromFile.warnings,
      ...chosenInFile.warnings,
      ...fromEnvironment.warnings,
      ...chosenInEnvironment.warnings,
    ],
    filesRead: file ? [file.path] : [],
    origins,
  };
}
