// SPDX-License-Identifier: Apache-2.0
// The settings that the environment gives: IM_<OPTION>, IM_OPENNEBULA_<OPTION>, and either with _FILE appended.
import { nearestName } from '../util/nearest-name.js';
import type { SourceReading } from './file-settings.js';
import type { OptionDefinition } from './option.js';
import { allOptions } from './option-table.js';
import { findOption, knownNames, removalReason, type Setting } from './setting.js';

/** The environment variables of a process. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Reads a text file; undefined when it does not exist. Throws when it exists and cannot be read. */
export type ReadFile = (path: string) => string | undefined;

/** Variables with our prefix that are not options. */
const RESERVED: readonly string[] = ['IM_PATH', 'IM_CFG', 'IM_SINGLE_SITE_ONE_HOST'];

const OPENNEBULA_PREFIX = 'IM_OPENNEBULA_';

// Kubernetes sets NAME_PORT=tcp://address:port for each service; a service called "im-rest" must not become our port.
const isServiceLink = (text: string): boolean => /^(tcp|udp|sctp):\/\//.test(text);

/** The variable that sets the option. */
export function variableOf(option: OptionDefinition<unknown>, name = option.name): string {
  return (option.section === 'OpenNebula' ? OPENNEBULA_PREFIX : 'IM_') + name;
}

function optionOf(variable: string): { readonly option: OptionDefinition<unknown>; readonly name: string } | undefined {
  if (variable.startsWith(OPENNEBULA_PREFIX)) {
    const name = variable.slice(OPENNEBULA_PREFIX.length);
    const option = findOption('OpenNebula', name);
    if (option) return { option, name };
  }
  const name = variable.slice('IM_'.length);
  const option = findOption('im', name);
  return option && { option, name };
}

/** What IM_SINGLE_SITE_ONE_HOST=host stands for (§1.4). */
function singleSiteSettings(host: string): readonly Setting[] {
  const texts: ReadonlyMap<string, string> = new Map([
    ['SINGLE_SITE', 'True'],
    ['SINGLE_SITE_TYPE', 'OpenNebula'],
    ['SINGLE_SITE_AUTH_HOST', `http://${host}:2633`],
    ['SINGLE_SITE_IMAGE_URL_PREFIX', `one://${host}/`],
    ['TTS_URL', `https://${host}:8443`],
  ]);
  return allOptions.flatMap((option) => {
    const text = texts.get(option.name);
    const place = 'environment variable IM_SINGLE_SITE_ONE_HOST';
    return text === undefined ? [] : [{ option, usedName: option.name, text, place }];
  });
}

/**
 * Reads the settings of the environment. An empty variable counts as absent, because container tools pass unset ones
 * on like that; the contents of a `_FILE` lose their final line end.
 */
export function readEnvironmentSettings(environment: Environment, readFile: ReadFile): SourceReading {
  const general: Setting[] = [];
  const fromFiles: Setting[] = [];
  const direct: Setting[] = [];
  const warnings: string[] = [];
  const problems: string[] = [];

  const readSecretFile = (variable: string, path: string): string | undefined => {
    try {
      const text = readFile(path);
      if (text !== undefined) return text.replace(/\r?\n$/, '');
      problems.push(`File ${path}, named by the environment variable ${variable}, does not exist.`);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      problems.push(`File ${path}, named by the environment variable ${variable}, cannot be read: ${reason}.`);
    }
    return undefined;
  };

  const variables = Object.keys(environment).filter((name) => name.startsWith('IM_') && !RESERVED.includes(name));
  for (const variable of variables.sort()) {
    const text = environment[variable];
    if (text === undefined || text === '') continue;
    const place = `environment variable ${variable}`;
    const known = optionOf(variable);
    const inFile = known || !variable.endsWith('_FILE') ? undefined : optionOf(variable.slice(0, -'_FILE'.length));
    const removal = removalReason(variable.slice('IM_'.length));
    if (known) {
      if (known.option.type === 'integer' && isServiceLink(text)) {
        warnings.push(`The ${place} holds a Kubernetes service link (${text}) and is ignored.`);
      } else {
        direct.push({ option: known.option, usedName: known.name, text, place });
      }
    } else if (inFile) {
      const content = readSecretFile(variable, text);
      if (content !== undefined) {
        fromFiles.push({
          option: inFile.option,
          usedName: inFile.name,
          text: content,
          place: `${text}, named by the ${place}`,
        });
      }
    } else if (removal !== undefined) {
      warnings.push(`Option ${variable.slice('IM_'.length)} ${removal} (${place}).`);
    } else {
      const meant = nearestName(variable.slice('IM_'.length), knownNames('im'));
      if (meant !== undefined) warnings.push(`Unknown ${place} is ignored. Did you mean IM_${meant}?`);
    }
  }
  const host = environment.IM_SINGLE_SITE_ONE_HOST;
  if (host) general.push(...singleSiteSettings(host));
  for (const setting of fromFiles) {
    if (!direct.some((other) => other.option === setting.option)) continue;
    warnings.push(`${variableOf(setting.option)} is set both directly and by a file; the file is ignored.`);
  }
  return { settings: [...general, ...fromFiles, ...direct], warnings, problems };
}
