// SPDX-License-Identifier: Apache-2.0
// Collects what failed in a run, and ends its log with the failure report.
import type { ConfigurationFailure, FailurePhase } from '../../domain/index.js';
import { failureReport, hintFor } from '../render/index.js';
import { InfrastructureFailure, type WaitContext } from './run-context.js';

/** Failures that are kept; a thousand VMs mostly fail for one reason. */
const MOST_FAILURES = 40;

/** Adds failures of one moment to the run's, each with the advice that its lines give reason for. */
export async function recordFailures(
  { progress }: WaitContext,
  failures: readonly Omit<ConfigurationFailure, 'hint'>[],
): Promise<void> {
  if (failures.length === 0) return;
  await progress.update((current) => {
    const room = Math.max(0, MOST_FAILURES - current.failures.length);
    const kept = failures.slice(0, room).map((failure): ConfigurationFailure => {
      const hint = hintFor(failure.lines);
      return { ...failure, ...(hint !== undefined && { hint }) };
    });
    return {
      failures: [...current.failures, ...kept],
      failuresLeftOut: current.failuresLeftOut + failures.length - kept.length,
    };
  });
}

/** Says in which phase work fails when it fails for the whole infrastructure. */
export async function inPhase<T>(phase: FailurePhase, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof InfrastructureFailure) error.phase ??= phase;
    throw error;
  }
}

const REPORT_MARK = 'failure report';

/** Writes the report as the last entry of the infrastructure's log, once; nothing when nothing failed. */
export async function logFailureReport({ ports, progress }: WaitContext): Promise<void> {
  const { failures, failuresLeftOut, logged } = progress.current;
  if (failures.length === 0 || logged.includes(REPORT_MARK)) return;
  await ports.logInfrastructure(failureReport(failures, failuresLeftOut));
  await progress.update((current) => ({ logged: [...current.logged, REPORT_MARK] }));
}
