// SPDX-License-Identifier: Apache-2.0
// Document results of the RADL corpus: text form, JSON form, sizes, and what a second round through text gives.
import { parseRadl, printRadl, type Radl, RadlError, stringifyRadlJson } from '../../src/radl/index.js';
import { difference } from './suite.js';

/** Sizes of a document; null means that contextualize items or options are absent. */
export function countsOf(radl: Radl): Record<string, unknown> {
  const { items, options, maxTime } = radl.contextualize;
  return {
    networks: radl.networks.length,
    ansible_hosts: radl.ansibleHosts.length,
    systems: radl.systems.length,
    configures: radl.configures.length,
    deploys: radl.deploys.length,
    contextualize_items: items?.length ?? null,
    contextualize_options: options?.names().length ?? null,
    contextualize_max_time: maxTime,
    description: radl.description !== undefined,
  };
}

/** The document as the corpus records it. */
export function documentResult(radl: Radl): unknown {
  const str = printRadl(radl);
  const result = { str, json: JSON.parse(stringifyRadlJson(radl, 'compact')), counts: countsOf(radl) };
  try {
    const restr = printRadl(parseRadl(str));
    return restr === str ? result : { ...result, restr };
  } catch (error) {
    if (!(error instanceof RadlError)) throw error;
    return { ...result, restr_error: error.message };
  }
}

const HAS_SIGN = /^[^'\n]* -[0-9]/m;

/**
 * Compares document results: absent and empty options are alike, syntax errors agree in line and kind only. A negative number
 * (only JSON has them) prints with its sign, which the text form refuses to read (spec radl 18 D1) where a recorded
 * second round may have dropped it: the second round is then not compared.
 */
export function documentDifference(actual: unknown, expected: unknown): string | undefined {
  const [ours, recorded] = [normalize(actual), normalize(expected)];
  if (isResult(ours) && isResult(recorded) && recorded.restr !== undefined && HAS_SIGN.test(String(ours.str))) {
    const { restr: _, restr_error: __, ...first } = ours;
    const { restr: ___, ...recordedFirst } = recorded;
    return difference(first, recordedFirst);
  }
  return difference(ours, recorded);
}

function isResult(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function normalize(result: unknown): unknown {
  if (typeof result !== 'object' || result === null) return result;
  const copy: Record<string, unknown> = Object.fromEntries(Object.entries(result));
  const { counts, restr_error: failure } = copy;
  if (typeof counts === 'object' && counts !== null && 'contextualize_options' in counts) {
    copy.counts = { ...counts, contextualize_options: counts.contextualize_options ?? 0 };
  }
  if (failure !== undefined) {
    const text = typeof failure === 'object' && failure !== null && 'message' in failure ? failure.message : failure;
    copy.restr_error = /^(?:Line \d+: )?Parse error/.exec(String(text))?.[0] ?? text;
  }
  return copy;
}
