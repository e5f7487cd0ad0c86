// SPDX-License-Identifier: Apache-2.0
// Is the daemon alive, and can it do its work: the answers of /health and /ready, without any HTTP.
import { withTimeout } from '../util/deadline.js';
import { redactText } from './redaction.js';

/** Something without which the daemon cannot serve: the database, its migrations, the leases. */
export interface HealthCheck {
  readonly name: string;
  /** Resolves when all is well. @throws an error that says what is not. */
  run(signal: AbortSignal): Promise<void>;
}

/** The outcome of one check. */
export interface CheckResult {
  readonly name: string;
  readonly status: 'ok' | 'failed';
  /** Why it failed, without secrets. */
  readonly message?: string;
}

/** The outcome of all checks; `failed` when any failed. */
export interface HealthReport {
  readonly status: 'ok' | 'failed';
  readonly version: string;
  readonly uptimeSeconds: number;
  readonly checks: readonly CheckResult[];
}

/** The two questions. */
export interface Health {
  /** Whether the process answers at all. Looks at nothing else, in particular not at the database. */
  liveness(): HealthReport;
  /** Whether requests can be served. Callers that ask at the same time share one look. */
  readiness(): Promise<HealthReport>;
  /**
   * From now on readiness fails: the daemon is stopping.
   * @returns whether somebody who distributes requests by the readiness has to hear of it first: it was asked for lately
   */
  stopping(): boolean;
}

/** What the health is made of. */
export interface HealthOptions {
  readonly version: string;
  readonly checks: readonly HealthCheck[];
  /** Monotonic milliseconds. */
  readonly monotonicNow: () => number;
  /** Longest time for one check. */
  readonly timeoutMs?: number;
}

/** Nobody who looks after a service asks less often. */
const LATELY_MS = 30_000;

async function runCheck(check: HealthCheck, timeoutMs: number): Promise<CheckResult> {
  try {
    await withTimeout({ timeoutMs, what: check.name }, (signal) => check.run(signal));
    return { name: check.name, status: 'ok' };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { name: check.name, status: 'failed', message: redactText(reason) };
  }
}

/** Makes the health of a daemon out of its checks, which run side by side, each with a deadline. */
export function createHealth(options: HealthOptions): Health {
  const startedAt = options.monotonicNow();
  const timeoutMs = options.timeoutMs ?? 2000;
  let isStopping = false;
  let lastAsked = Number.NEGATIVE_INFINITY;
  let inFlight: Promise<readonly CheckResult[]> | undefined;

  const report = (checks: readonly CheckResult[]): HealthReport => ({
    status: checks.every((check) => check.status === 'ok') ? 'ok' : 'failed',
    version: options.version,
    uptimeSeconds: Math.floor((options.monotonicNow() - startedAt) / 1000),
    checks,
  });

  const look = (): Promise<readonly CheckResult[]> => {
    inFlight ??= Promise.all(options.checks.map((check) => runCheck(check, timeoutMs))).finally(() => {
      inFlight = undefined;
    });
    return inFlight;
  };

  return {
    liveness: () => report([]),
    readiness: async () => {
      lastAsked = options.monotonicNow();
      if (isStopping) return report([{ name: 'service', status: 'failed', message: 'The service is stopping.' }]);
      return report(await look());
    },
    stopping: () => {
      isStopping = true;
      return options.monotonicNow() - lastAsked < LATELY_MS;
    },
  };
}
