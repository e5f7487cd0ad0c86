// SPDX-License-Identifier: Apache-2.0
// Use case: reconfigure (core.md §19).
import { badRequest, errorText } from '../domain/index.js';
import { encodeConfigureRequest } from '../operations/index.js';
import { Radl, serializeRadl } from '../radl/index.js';
import { loadYaml } from '../yaml.js';
import { admitToInfrastructure } from './access.js';
import { type DeploymentDocument, readDocument } from './deployment-document.js';
import type { ManagerEnvironment } from './environment.js';
import type { Call } from './manager.js';
import { resultOf } from './outcome.js';
import { storedToscaOf } from './stored-tosca.js';

/** Checks the recipes, takes the document over and starts a configuration in the background. */
export async function reconfigure(
  environment: ManagerEnvironment,
  call: Call,
  infrastructureId: string,
  deployment: DeploymentDocument,
  vmList?: readonly number[],
): Promise<void> {
  const { caller, header } = await admitToInfrastructure(environment, call, infrastructureId, 'write');
  const stored = deployment instanceof Radl ? undefined : await storedToscaOf(environment, infrastructureId);
  const { radl: document } = await readDocument(environment, call, caller, deployment, stored);
  for (const { recipe } of document.configures) {
    checkRecipe(recipe);
  }
  if (header.isDestroying) {
    throw badRequest('Infrastructure deleted. It cannot be reconfigured.');
  }
  const accepted = await environment.engine.accept({
    kind: 'reconfigure',
    infrastructureId,
    caller: caller.owners[0].username,
    request: {
      document: serializeRadl(document),
      ...encodeConfigureRequest({ ...(vmList !== undefined && { vmList }), refreshRoles: true }),
    },
    credentials: caller.items,
  });
  await resultOf(accepted);
}

function checkRecipe(recipe: string | null): void {
  if (recipe === null || recipe.trim().startsWith('$ANSIBLE_VAULT')) {
    return;
  }
  try {
    loadYaml(recipe);
  } catch (error) {
    throw badRequest(`Error parsing YAML: ${errorText(error)}`, { cause: error });
  }
}
