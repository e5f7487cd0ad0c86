// SPDX-License-Identifier: Apache-2.0
// The help texts of im-admin, made from what the commands declare.
import type { AdminCommand } from './command.js';
import { COMMON_OPTIONS, usage } from './command-line.js';

const columns = (rows: readonly (readonly [string, string])[]): string => {
  const width = Math.max(...rows.map(([left]) => left.length)) + 2;
  return rows.map(([left, right]) => `  ${left.padEnd(width)}${right}`).join('\n');
};

/** Help of the whole program. */
export function programHelp(commands: readonly AdminCommand[]): string {
  return `Usage: im-admin [--config FILE] COMMAND [OPTION]... [WORD]...

Looks after the database of the Infrastructure Manager. Run it as the user of the daemon, on its host.

${columns(commands.map(({ name, words, summary }) => [`${name} ${words}`.trimEnd(), summary]))}

im-admin help COMMAND says more. The configuration is that of the daemon: --config FILE, $IM_CFG, $IM_PATH/etc/im.cfg or
/etc/im/im.cfg, and IM_<OPTION> in the environment. Commands may be used while the daemon runs, unless their help says otherwise.

Exit status: 0 done, 1 not done or something is wrong, 2 wrong command line or configuration.`;
}

/** Help of one command. */
export function commandHelp(command: AdminCommand): string {
  const { summary, details, options, failure, examples } = command;
  const rows = [...options, ...COMMON_OPTIONS].map(
    ({ name, value, help }) => [`--${name}${value === undefined ? '' : ` ${value}`}`, help] as const,
  );
  return [
    `Usage: ${usage(command)}`,
    `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`,
    ...(details === undefined ? [] : [details]),
    columns(rows),
    `Exit status: 0 done, 1 ${failure}, 2 wrong command line or configuration.`,
    `Example:\n${examples.map((example) => `  ${example}`).join('\n')}`,
  ].join('\n\n');
}
