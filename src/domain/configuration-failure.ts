// SPDX-License-Identifier: Apache-2.0
// Why something of an infrastructure is not configured: what the failure report shows (contextualization.md §24.7, docs/operations.md).
import { isJsonObject, type JsonObject, type JsonValue } from './json.js';

/** What was being done when something failed. */
export const FAILURE_PHASES = [
  'launch',
  'addresses',
  'master',
  'access',
  'bootstrap',
  'content',
  'playbooks',
  'files',
  'step',
  'time-limit',
  'other',
] as const;

export type FailurePhase = (typeof FAILURE_PHASES)[number];

/** One thing that failed. Texts are bounded and printable, but may hold whatever recipes print. */
export interface ConfigurationFailure {
  readonly phase: FailurePhase;
  /** Number of the step in the sense of contextualization.md §3.1. */
  readonly step?: number;
  /** Number of the VM; absent when the infrastructure as a whole failed. */
  readonly vm?: number;
  /** What ran: `basic`, `main_<system>`, `<configure>_<system>`. */
  readonly task?: string;
  /** Name of the task of the recipe that failed. */
  readonly recipeTask?: string;
  /** Inventory name of the machine. */
  readonly host?: string;
  /** The last lines that say why. */
  readonly lines: readonly string[];
  /** What to do about it. */
  readonly hint?: string;
}

/** The form in which failures are stored and sent. */
export function failureToJson(failure: ConfigurationFailure): JsonObject {
  const { phase, step, vm, task, recipeTask, host, lines, hint } = failure;
  return {
    phase,
    ...(step !== undefined && { step }),
    ...(vm !== undefined && { vm }),
    ...(task !== undefined && { task }),
    ...(recipeTask !== undefined && { recipeTask }),
    ...(host !== undefined && { host }),
    lines,
    ...(hint !== undefined && { hint }),
  };
}

/** Reads what was stored; what is no failure is left out. */
export function failuresFromJson(value: JsonValue | undefined): readonly ConfigurationFailure[] {
  return Array.isArray(value) ? value.filter(isJsonObject).flatMap(failureFromJson) : [];
}

function failureFromJson(item: JsonObject): readonly ConfigurationFailure[] {
  const phase = FAILURE_PHASES.find((name) => name === item.phase);
  if (phase === undefined) return [];
  const text = (key: string): string | undefined => {
    const value = item[key];
    return typeof value === 'string' ? value : undefined;
  };
  const count = (key: string): number | undefined => {
    const value = item[key];
    return typeof value === 'number' ? value : undefined;
  };
  const [step, vm] = [count('step'), count('vm')];
  const [task, recipeTask, host, hint] = [text('task'), text('recipeTask'), text('host'), text('hint')];
  return [
    {
      phase,
      ...(step !== undefined && { step }),
      ...(vm !== undefined && { vm }),
      ...(task !== undefined && { task }),
      ...(recipeTask !== undefined && { recipeTask }),
      ...(host !== undefined && { host }),
      lines: Array.isArray(item.lines) ? item.lines.filter((line) => typeof line === 'string') : [],
      ...(hint !== undefined && { hint }),
    },
  ];
}
