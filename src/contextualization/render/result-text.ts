// SPDX-License-Identifier: Apache-2.0
// The lines of one host's result of a task, as Ansible's screen output shows them (contextualization.md §13.3).
import { type EventTask, type Outcome, objectOf, type RawResult, textOf } from './ansible-event.js';
import { jsonBlock, jsonLine } from './json-text.js';
import { pythonText } from './python-text.js';

/** Parts of a result that are not for the log: internals, and what has lines of its own. */
const HIDDEN = new Set(['invocation', 'exception', 'warnings', 'deprecations', 'action']);

const WRAP_COLUMNS = 79;

/** How a task ended on a host. */
export interface HostResult {
  readonly host: string;
  readonly outcome: Outcome;
  readonly task: EventTask;
  readonly result: RawResult;
}

/** All lines of the result, each with its line end; without `...ignoring`, which is known later. */
export function resultText({ host, outcome, task, result }: HostResult): string {
  const label = hostLabel(host, result);
  const before = exceptionLine(result, outcome) + warningLines(result);
  const items = loopItems(result);
  if (isInclude(result)) {
    const included = (items ?? [result]).map((item) => includedLine(task, host, item)).join('');
    // An include that failed or was skipped is like any other task.
    if (outcome === 'ok') return `${before}ok: [${label}]\n${included}`;
  }
  if (items !== undefined) {
    const rest = outcome === 'skipped' ? `skipping: [${host}]\n` : '';
    return before + items.map((item) => itemLine(label, item)).join('') + rest;
  }
  switch (outcome) {
    case 'ok':
      return `${before}${word(result)}: [${label}]${shown(result)}\n`;
    case 'skipped':
      return `${before}skipping: [${host}]${shown(result)}\n`;
    case 'failed':
      return `${before}fatal: [${label}]: FAILED! => ${jsonLine(visible(result))}\n`;
    case 'unreachable':
      return `${before}fatal: [${label}]: UNREACHABLE! => ${jsonLine(visible(result))}\n`;
  }
}

function word(result: RawResult): string {
  return result.changed === true ? 'changed' : 'ok';
}

function hostLabel(host: string, result: RawResult): string {
  const delegated = textOf(objectOf(result._ansible_delegated_vars).ansible_host);
  return delegated === '' ? host : `${host} -> ${delegated}`;
}

/** ` => {...}` for results that ask to be shown (debug, assert). */
function shown(result: RawResult): string {
  return result._ansible_verbose_always === true ? ` => ${jsonBlock(visible(result))}` : '';
}

function visible(result: RawResult): RawResult {
  return Object.fromEntries(
    Object.entries(result).filter(([key]) => !HIDDEN.has(key) && !key.startsWith('_ansible_') && key !== 'failed'),
  );
}

function loopItems(result: RawResult): readonly RawResult[] | undefined {
  if (!Array.isArray(result.results)) return undefined;
  const items = result.results.map(objectOf);
  // Modules (package, for instance) have a `results` of their own: only a loop marks its items.
  return items.length > 0 && items.every((item) => 'ansible_loop_var' in item) ? items : undefined;
}

function itemLine(label: string, item: RawResult): string {
  const name = `(item=${itemLabel(item)})`;
  if (item.failed === true) {
    return `${exceptionLine(item, 'failed')}${warningLines(item)}failed: [${label}] ${name} => ${jsonLine(visible(item))}\n`;
  }
  if (item.skipped === true) return `skipping: [${label}] => ${name} ${shown(item)}\n`;
  return `${warningLines(item)}${word(item)}: [${label}] => ${name}${shown(item)}\n`;
}

function itemLabel(item: RawResult): string {
  const variable = textOf(item.ansible_loop_var) || 'item';
  if (item._ansible_no_log === true) return '(censored due to no_log)';
  const label = item._ansible_item_label ?? item[variable];
  return pythonText(label ?? null);
}

function isInclude(result: RawResult): boolean {
  return /(^|\.)include_tasks$|^include$/.test(textOf(result.action));
}

function includedLine(task: EventTask, host: string, item: RawResult): string {
  const file = textOf(item.include);
  if (file === '') return '';
  const folder = task.path.slice(0, task.path.lastIndexOf('/') + 1);
  const suffix = 'ansible_loop_var' in item ? ` => (item=${itemLabel(item)})` : '';
  return `included: ${file.startsWith('/') ? file : folder + file} for ${host}${suffix}\n`;
}

function exceptionLine(result: RawResult, outcome: Outcome): string {
  const last = textOf(result.exception).trim().split('\n').at(-1)?.trim();
  if (!last || outcome === 'ok') return '';
  const advice = 'An exception occurred during task execution. To see the full traceback, use -vvv.';
  return `${advice} The error was: ${last}\n`;
}

function warningLines(result: RawResult): string {
  const warnings = Array.isArray(result.warnings) ? result.warnings : [];
  const deprecations = (Array.isArray(result.deprecations) ? result.deprecations : []).map(
    (entry) => objectOf(entry).msg,
  );
  return [
    ...warnings.map((warning) => wrap(`[WARNING]: ${textOf(warning)}`)),
    ...deprecations.map((message) => wrap(`[DEPRECATION WARNING]: ${textOf(message)}`)),
  ].join('');
}

/** Breaks a warning at blanks as Ansible does on a screen of 80 columns. */
function wrap(text: string): string {
  const lines: string[] = [];
  let line = '';
  for (const part of text.split(/\s+/)) {
    if (line !== '' && line.length + 1 + part.length > WRAP_COLUMNS) {
      lines.push(line);
      line = part;
    } else line = line === '' ? part : `${line} ${part}`;
  }
  return [...lines, line].map((each) => `${each}\n`).join('');
}
