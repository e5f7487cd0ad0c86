// SPDX-License-Identifier: Apache-2.0
// Shows the effective configuration as an im.cfg, with secrets hidden: what --print-config prints.
import { MASK, maskUrls } from '../util/mask-url.js';
import type { Config } from './config.js';
import { escapeInterpolation } from './interpolation.js';
import type { OptionDefinition } from './option.js';
import { imOptions, openNebulaOptions } from './option-table.js';

/** The value as one im.cfg line or, with line breaks, as a line and its indented continuations. */
export function cfgLine(name: string, text: string): string {
  const value = escapeInterpolation(text).replaceAll('\n', '\n  ');
  return value === '' ? `${name} =` : `${name} = ${value}`;
}

/** The text of a value that anybody may see. */
function publicText(option: OptionDefinition<unknown>, value: unknown): string {
  const text = option.format(value);
  return option.isSecret && text !== '' ? MASK : maskUrls(text);
}

/**
 * The whole effective configuration in the form of im.cfg. Secrets, also passwords inside URLs, are masked.
 * @param origins where each option was set, as {@link loadConfig} tells; the others are marked as defaults.
 */
export function describeConfig(config: Config, origins?: ReadonlyMap<OptionDefinition<unknown>, string>): string {
  const lines = (option: OptionDefinition<unknown>, value: unknown): readonly string[] => [
    ...(origins ? [`# ${origins.get(option) ?? 'default'}`] : []),
    cfgLine(option.name, publicText(option, value)),
  ];
  // `keyof Config` and the tables have the same keys by construction, so both sides can be walked together.
  const sectionLines = (options: Readonly<Record<string, OptionDefinition<unknown>>>, values: object) => {
    const byKey = new Map<string, unknown>(Object.entries(values));
    return Object.entries(options).flatMap(([key, option]) => lines(option, byKey.get(key)));
  };
  return [
    '[im]',
    ...sectionLines(imOptions, config),
    '',
    '[OpenNebula]',
    ...sectionLines(openNebulaOptions, config.openNebula),
    '',
  ].join('\n');
}
