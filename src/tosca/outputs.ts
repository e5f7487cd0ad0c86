// SPDX-License-Identifier: Apache-2.0
// The outputs of a document, evaluated with the machines of its infrastructure (spec tosca 10).

import { Budget } from './budget.js';
import type { ToscaDocument } from './document.js';
import { ToscaError } from './error.js';
import { evaluate } from './evaluate.js';
import { type InfrastructureView, vmGroups } from './infrastructure.js';
import { type JsonObject, type JsonValue, toJson } from './json.js';
import { outputAttribute } from './output-attribute.js';
import type { Scope } from './scope.js';

/** Outputs by name, and why some have no value. */
export interface EvaluatedOutputs {
  readonly outputs: JsonObject;
  /** Reasons by output name, for the log. */
  readonly failures: ReadonlyMap<string, string>;
}

/** All outputs; one that cannot be evaluated is null and has a reason. */
export function evaluateOutputs(document: ToscaDocument, infrastructure: InfrastructureView): EvaluatedOutputs {
  const groups = vmGroups(infrastructure);
  const scope: Scope = {
    template: document.template,
    owner: undefined,
    attribute: (request, inner) => outputAttribute(groups, request, inner),
    budget: new Budget(),
    depth: 0,
  };
  const entries: [string, JsonValue][] = [];
  const failures = new Map<string, string>();
  for (const [name, written] of document.template.outputs) {
    try {
      entries.push([name, toJson(evaluate(written, scope))]);
    } catch (error) {
      if (!(error instanceof ToscaError)) throw error;
      failures.set(name, error.message);
      entries.push([name, null]);
    }
  }
  return { outputs: Object.fromEntries(entries), failures };
}
