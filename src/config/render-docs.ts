// SPDX-License-Identifier: Apache-2.0
// Writes docs/configuration.md from the option table.
import { variableOf } from './environment-settings.js';
import { PRECEDENCE } from './load.js';
import type { OptionDefinition } from './option.js';
import { openNebulaOptions, optionGroups, removedOptions } from './option-table.js';
import { defaultText } from './render-cfg.js';

const escapeCell = (text: string): string =>
  text
    .replaceAll('|', '\\|')
    .replaceAll('<', '&lt;')
    .replaceAll('#', '\\#')
    .replaceAll('*', '\\*')
    .replaceAll('_', '\\_');

const code = (text: string): string => (text === '' ? 'empty' : `\`${text.replaceAll('|', '\\|')}\``);

function defaultCell(option: OptionDefinition<unknown>): string {
  return option.default.kind === 'derived' ? escapeCell(defaultText(option)) : code(defaultText(option));
}

function shippedCell(option: OptionDefinition<unknown>): string {
  return option.shipped?.active ? code(option.shipped.text) : '';
}

function typeCell(option: OptionDefinition<unknown>): string {
  const kind = option.choices.length > 0 ? option.choices.map(code).join(', ') : option.type;
  return option.unit === undefined ? kind : `${kind}, ${escapeCell(option.unit)}`;
}

function row(option: OptionDefinition<unknown>): string {
  const names = [option.name, ...option.aliases].map(code).join(', also ');
  const secret = option.isSecret ? ' Never printed.' : '';
  const cells = [names, typeCell(option), defaultCell(option), shippedCell(option), escapeCell(option.help) + secret];
  return `| ${cells.join(' | ')} |`;
}

const openNebulaExample = openNebulaOptions.imageUname;

/** The text of docs/configuration.md. */
export function renderDocs(): string {
  const lines = [
    '<!-- Made by scripts/generate-config-docs.ts from the option table in src/config/options. Do not edit. -->',
    '# Configuration',
    '',
    `Precedence: ${escapeCell(PRECEDENCE)}.`,
    '',
    'The file has the sections `[im]` and `[OpenNebula]`; a line is `NAME = value` or `NAME: value`, names in any case.',
    'Lines that begin with `#` or `;` are comments; there are no comments behind a value. Indented lines continue the',
    'value above. `%%` is `%`, `%(NAME)s` is the value of another option, and any other `%` stands for itself.',
    'Booleans are `1 yes true on` or `0 no false off`; pieces of lists are separated by commas. What is set twice in a',
    'file, and options that are not known, are warned of; a value of the wrong form keeps the daemon from starting, with',
    'the name of the option, the value, the file and the line.',
    '',
    `In the environment an option is \`IM_\` and its name (\`${variableOf(openNebulaExample)}\` and so on for the`,
    'section `[OpenNebula]`); with `_FILE` appended the variable names a file with the value, which keeps secrets out of',
    'the environment. An empty variable counts as absent. `IM_PATH` names the directory in which the program is',
    'installed, `IM_CFG` is another way to give `--config`, and `IM_SINGLE_SITE_ONE_HOST=host` sets up single-site mode',
    'for an OpenNebula host.',
    '',
    '`im-service --check-config` reports what is wrong, `im-service --print-config` prints what is in effect, with',
    'secrets masked.',
    '',
    'The column "shipped" holds what `etc/im.cfg` sets; everything else is commented there.',
    ...optionGroups.flatMap((group) => [
      '',
      `## ${group.title}`,
      '',
      '| Option | Type | Default | Shipped | Effect |',
      '|---|---|---|---|---|',
      ...group.options.map(row),
    ]),
    '',
    '## Accepted and ignored',
    '',
    ...removedOptions.map(({ names, reason }) => `- ${names.map(code).join(', ')} ${escapeCell(reason)}.`),
    '',
  ];
  return lines.join('\n');
}
