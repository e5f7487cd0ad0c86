// SPDX-License-Identifier: Apache-2.0
// Tells failures that may pass by themselves from those that will not (contextualization.md §24.7).
import type { RawResult } from './ansible-event.js';
import { type Outcome, objectOf, textOf } from './ansible-event.js';

/** Why a task failed, as far as trying again is concerned. */
export type FailureClass = 'unreachable' | 'ssh' | 'package-lock' | 'galaxy' | 'task';

// Repetitions are bounded: the texts come from nodes.
const SSH =
  /Failed to connect to the host via ssh|Data could not be sent to remote host|Connection (?:timed out|closed|reset)\b.{0,100}\bport \d+|ssh_exchange_identification|kex_exchange_identification|Timeout \(\d+s\) waiting for privilege escalation prompt/i;

const PACKAGE_LOCK =
  /Could not get lock|Unable to (?:acquire|lock)\b.{0,100}(?:lock|director)|Failed to lock apt|dpkg (?:frontend )?lock|lock-frontend|lockfile is held by|System management is locked|waiting for the lock|Unable to lock database/i;

const GALAXY =
  /ansible-galaxy|galaxy\.ansible\.com|Failed to download (?:role|collection)|Error when (?:finding|getting) (?:available|collection)|Unknown error when attempting to call Galaxy/i;

const NETWORK =
  /timed? ?out|timeout|temporar|resolve|connection|unreachable|HTTP (?:Code|Error)?:? ?5\d\d|\b50[0234]\b/i;

/** The class of one failed result; of a loop, that of its worst item: one item that fails for good decides. */
export function classifyFailure(outcome: Outcome, result: RawResult): FailureClass {
  if (outcome === 'unreachable') return 'unreachable';
  const items = Array.isArray(result.results)
    ? result.results.map(objectOf).filter((item) => item.failed === true)
    : [];
  if (items.length === 0) return classifyText(textsOf(result));
  const classes = items.map((item) => classifyText(textsOf(item)));
  return classes.includes('task') ? 'task' : (classes[0] ?? 'task');
}

/** The class of an output that is not a result: what Ansible or ansible-galaxy print when they give up. */
export function classifyText(text: string): FailureClass {
  if (SSH.test(text)) return 'ssh';
  if (PACKAGE_LOCK.test(text)) return 'package-lock';
  return GALAXY.test(text) && NETWORK.test(text) ? 'galaxy' : 'task';
}

/** Whether the same thing tried again may succeed. */
export function isRetryable(failure: FailureClass): boolean {
  return failure !== 'task';
}

/** Where errors of modules and programs stand. Bounded: a result may be huge, its ends say what went wrong. */
function textsOf(result: RawResult): string {
  return ['msg', 'stderr', 'module_stderr', 'stdout', 'module_stdout']
    .map((key) => textOf(result[key]))
    .map((text) => (text.length > 16_384 ? text.slice(0, 8192) + text.slice(-8192) : text))
    .join('\n');
}
