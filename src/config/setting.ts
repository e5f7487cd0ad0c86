// SPDX-License-Identifier: Apache-2.0
// One value that somebody gave for an option, with the place where he gave it.
import type { OptionDefinition, Section } from './option.js';
import { allOptions, removedOptions } from './option-table.js';

/** A value of one source, before it is parsed. */
export interface Setting {
  readonly option: OptionDefinition<unknown>;
  /** The name that was used: canonical or alias. */
  readonly usedName: string;
  readonly text: string;
  /** For people: `/etc/im/im.cfg line 12` or `environment variable IM_REST_PORT`. */
  readonly place: string;
}

const keyOf = (section: Section, name: string): string => `${section}\n${name}`;

const byName: ReadonlyMap<string, OptionDefinition<unknown>> = new Map(
  allOptions.flatMap((option) =>
    [option.name, ...option.aliases].map((name) => [keyOf(option.section, name), option] as const),
  ),
);

/** The option with that name or alias (upper case), if there is one. */
export function findOption(section: Section, name: string): OptionDefinition<unknown> | undefined {
  return byName.get(keyOf(section, name));
}

/** Every accepted name of the section, aliases included. */
export function knownNames(section: Section): readonly string[] {
  return allOptions
    .filter((option) => option.section === section)
    .flatMap((option) => [option.name, ...option.aliases]);
}

/** Why a once known option is ignored, if it is one. */
export function removalReason(name: string): string | undefined {
  return removedOptions.find((option) => option.names.includes(name))?.reason;
}

/**
 * One setting per option out of those of one source: a canonical name beats its aliases (with a warning when they
 * differ), otherwise the last one given wins.
 */
export function chooseSettings(given: readonly Setting[]): {
  readonly settings: ReadonlyMap<OptionDefinition<unknown>, Setting>;
  readonly warnings: readonly string[];
} {
  const settings = new Map<OptionDefinition<unknown>, Setting>();
  const warnings: string[] = [];
  for (const setting of given) {
    const { option } = setting;
    const before = settings.get(option);
    if (!before || before.usedName === setting.usedName) {
      settings.set(option, setting);
      continue;
    }
    const beforeWins = before.usedName === option.name;
    const winner = beforeWins ? before : setting;
    const loser = beforeWins ? setting : before;
    settings.set(option, winner);
    if (winner.text !== loser.text) {
      warnings.push(
        `${winner.usedName} and ${loser.usedName} are the same option; the value of ${winner.usedName} counts ` +
          `(${winner.place}), that of ${loser.usedName} is ignored (${loser.place}).`,
      );
    }
  }
  return { settings, warnings };
}
