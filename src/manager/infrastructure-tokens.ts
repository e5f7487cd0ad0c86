// SPDX-License-Identifier: Apache-2.0
// Which infrastructure the token of a node opens: one that lives, and whose token it is (spec/README.md).
import { hasInfrastructureToken, infrastructureIdIn } from '../domain/index.js';
import type { Store } from '../store/index.js';

/** Looks tokens up in the store, so that a destroyed infrastructure's or a revoked one opens nothing from the same moment on. */
export function createInfrastructureTokens(
  store: Pick<Store, 'getInfrastructure'>,
): (token: string) => Promise<{ readonly infrastructureId: string; readonly owner: string } | undefined> {
  return async (token) => {
    const infrastructureId = infrastructureIdIn(token);
    if (infrastructureId === undefined) return undefined;
    const infrastructure = await store.getInfrastructure(infrastructureId);
    if (infrastructure === undefined || infrastructure.isDeleted || infrastructure.isDestroying) return undefined;
    if (!hasInfrastructureToken(infrastructure, token)) return undefined;
    return { infrastructureId, owner: infrastructure.owners[0]?.username ?? '' };
  };
}
