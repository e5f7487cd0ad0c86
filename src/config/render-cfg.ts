// SPDX-License-Identifier: Apache-2.0
// Writes the im.cfg that is shipped: every option with its help, commented unless the shipped file sets it.
import { cfgLine } from './describe.js';
import { PRECEDENCE } from './load.js';
import type { OptionDefinition, Section } from './option.js';
import { optionGroups } from './option-table.js';

const WIDTH = 110;

/** Cuts the text into lines at blanks. */
function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}

const comment = (text: string): readonly string[] => wrap(text, WIDTH - 2).map((line) => `# ${line}`);

/** The default in words: a computed one by its description. */
export function defaultText(option: OptionDefinition<unknown>): string {
  return option.default.kind === 'derived' ? option.default.says : option.format(option.default.value);
}

function remarks(option: OptionDefinition<unknown>): string {
  const parts = [
    ...(option.unit === undefined ? [] : [option.unit]),
    ...(option.choices.length === 0 ? [] : [option.choices.join(' | ')]),
    `default: ${defaultText(option) || 'empty'}`,
    ...(option.aliases.length === 0 ? [] : [`also written ${option.aliases.join(', ')}`]),
  ];
  return `(${parts.join('; ')})`;
}

function optionLines(option: OptionDefinition<unknown>): readonly string[] {
  const { shipped } = option;
  const text = shipped?.text ?? (option.default.kind === 'fixed' ? defaultText(option) : '');
  const line = cfgLine(option.name, text);
  return [...comment(`${option.help} ${remarks(option)}`), shipped?.active ? line : `#${line}`, ''];
}

const SECTION_ORDER: readonly Section[] = ['im', 'OpenNebula'];

/** The text of etc/im.cfg. */
export function renderCfg(): string {
  const head = [
    '# Configuration of the Infrastructure Manager.',
    '#',
    ...comment(`Precedence: ${PRECEDENCE}.`),
    ...comment('A line is NAME = value; comments stand on lines of their own; indented lines continue a value.'),
    ...comment('Lines that begin with "#NAME" show the default or an example; remove the # to set the option.'),
    '',
  ];
  const body = SECTION_ORDER.flatMap((section) => [
    `[${section}]`,
    '',
    ...optionGroups
      .map((group) => ({ ...group, options: group.options.filter((option) => option.section === section) }))
      .filter((group) => group.options.length > 0)
      .flatMap((group) => [`## ${group.title}`, '', ...group.options.flatMap(optionLines)]),
  ]);
  return `${[...head, ...body].join('\n').trimEnd()}\n`;
}
