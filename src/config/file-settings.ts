// SPDX-License-Identifier: Apache-2.0
// The settings that an im.cfg file gives.

import { type IniDocument, parseIni } from '../util/ini.js';
import { nearestName } from '../util/nearest-name.js';
import { interpolate } from './interpolation.js';
import { type Section, ValueError } from './option.js';
import { findOption, knownNames, removalReason, type Setting } from './setting.js';

/** What a source of settings yields; `problems` make the configuration unusable. */
export interface SourceReading {
  readonly settings: readonly Setting[];
  readonly warnings: readonly string[];
  readonly problems: readonly string[];
}

const SECTIONS: readonly Section[] = ['im', 'OpenNebula'];

/** Warns about a section whose name is nearly one of ours: all its options would be lost silently. */
function misspeltSections(document: IniDocument, file: string): readonly string[] {
  const names = new Set(document.entries.map((entry) => entry.section));
  return [...names].flatMap((name) => {
    const meant = nearestName(name, SECTIONS);
    return meant === undefined || meant === name
      ? []
      : [`Section [${name}] of ${file} is ignored; did you mean [${meant}]?`];
  });
}

/** Reads the settings of one file. `file` is its path, for the messages. */
export function readFileSettings(file: string, text: string): SourceReading {
  const document = parseIni(text);
  const settings: Setting[] = [];
  const warnings = [
    ...document.warnings.map(({ line, message }) => `${file} line ${line}: ${message}.`),
    ...misspeltSections(document, file),
  ];
  const problems = document.errors.map(({ line, message }) => `${file} line ${line}: ${message}.`);
  const defaults = document.entries.filter((entry) => entry.section === 'DEFAULT');

  for (const section of SECTIONS) {
    const own = document.entries.filter((entry) => entry.section === section);
    const visible = [...defaults, ...own];
    const raw = new Map(visible.map((entry) => [entry.name, entry.value]));
    for (const entry of visible) {
      const place = `${file} line ${entry.line}`;
      const option = findOption(section, entry.name);
      const removal = section === 'im' ? removalReason(entry.name) : undefined;
      if (option) {
        try {
          const value = interpolate(entry.value, (name) => raw.get(name));
          settings.push({ option, usedName: entry.name, text: value, place });
        } catch (error) {
          if (!(error instanceof ValueError)) throw error;
          problems.push(`Option ${entry.name} must be ${error.message} (${place}).`);
        }
      } else if (removal !== undefined) {
        warnings.push(`Option ${entry.name} ${removal} (${place}).`);
      } else if (entry.section !== 'DEFAULT') {
        const meant = nearestName(entry.name, knownNames(section));
        const hint = meant === undefined ? '' : ` Did you mean ${meant}?`;
        warnings.push(`Unknown option in the IM config file. Ignoring it: ${entry.name} (${place}).${hint}`);
      }
    }
  }
  return { settings, warnings, problems };
}
