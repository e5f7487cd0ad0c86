// SPDX-License-Identifier: Apache-2.0
// The failure report as text: the end of an infrastructure's log when something was not configured.
import type { ConfigurationFailure, FailurePhase } from '../../domain/index.js';

const PHASES: Readonly<Record<FailurePhase, string>> = {
  launch: 'launching',
  addresses: 'waiting for addresses',
  master: 'preparing the master',
  access: 'waiting for the machine',
  bootstrap: 'preparing the machine',
  content: 'installing roles and collections',
  playbooks: 'making the playbooks',
  files: 'copying the files',
  step: 'running the recipes',
  'time-limit': 'running until the time limit',
  other: 'configuring',
};

function headline(failure: ConfigurationFailure): string {
  const { vm, phase, step, task, recipeTask, host } = failure;
  const who = vm === undefined ? 'the infrastructure' : `VM ${vm}${host === undefined ? '' : ` (${host})`}`;
  const what = [
    PHASES[phase],
    ...(step === undefined ? [] : [`step ${step}`]),
    ...(task === undefined ? [] : [task]),
    ...(recipeTask === undefined ? [] : [`task "${recipeTask}"`]),
  ];
  return `${who}: ${what.join(', ')}`;
}

/**
 * The report of a run, several lines.
 * @param leftOut failures that were not kept because there were too many
 */
export function failureReport(failures: readonly ConfigurationFailure[], leftOut: number): string {
  const count = failures.length + leftOut;
  return [
    `Failure report: ${count} ${count === 1 ? 'failure' : 'failures'}.`,
    ...failures.flatMap((failure, index) => [
      `  ${index + 1}. ${headline(failure)}`,
      ...failure.lines.map((line) => `       ${line}`),
      ...(failure.hint === undefined ? [] : [`     Hint: ${failure.hint}`]),
    ]),
    ...(leftOut === 0 ? [] : [`  ... and ${leftOut} more; the logs of the machines have them.`]),
  ].join('\n');
}
