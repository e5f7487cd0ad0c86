// SPDX-License-Identifier: Apache-2.0
// Use cases: the TOSCA document of an infrastructure and its outputs (rest-api.md §9.6).
import { ImError, type Infrastructure, infrastructureNotFound, type JsonObject } from '../domain/index.js';
import { evaluateOutputs } from '../tosca/index.js';
import { admitToInfrastructure } from './access.js';
import type { ManagerEnvironment } from './environment.js';
import type { Call } from './manager.js';
import { infrastructureView, storedTosca, storedToscaText } from './stored-tosca.js';

/** The merged document as YAML text. */
export async function infrastructureTosca(
  environment: ManagerEnvironment,
  call: Call,
  infrastructureId: string,
): Promise<string> {
  await admitToInfrastructure(environment, call, infrastructureId, 'read');
  const text = storedToscaText(await infrastructureOf(environment, infrastructureId));
  if (text === undefined) {
    throw notFromTosca('tosca');
  }
  return text;
}

/** Outputs by name; one that cannot be evaluated is null, and the log says why. */
export async function infrastructureOutputs(
  environment: ManagerEnvironment,
  call: Call,
  infrastructureId: string,
): Promise<JsonObject> {
  const { caller } = await admitToInfrastructure(environment, call, infrastructureId, 'read');
  const infrastructure = await infrastructureOf(environment, infrastructureId);
  const document = await storedTosca(environment, infrastructure);
  if (document === undefined) {
    throw notFromTosca('outputs');
  }
  const view = await infrastructureView(environment, infrastructure, caller.clouds);
  const { outputs, failures } = evaluateOutputs(document, view);
  for (const [name, reason] of failures) {
    environment.logger.warn(`Output ${name} has no value: ${reason}`, { infId: infrastructureId });
  }
  return outputs;
}

async function infrastructureOf({ store }: ManagerEnvironment, id: string): Promise<Infrastructure> {
  const infrastructure = await store.getInfrastructure(id);
  if (infrastructure === undefined) {
    throw infrastructureNotFound();
  }
  return infrastructure;
}

function notFromTosca(property: string): ImError {
  return new ImError('not-from-tosca', `'${property}' infrastructure property is not valid in this infrastructure`);
}
