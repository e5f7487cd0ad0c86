// SPDX-License-Identifier: Apache-2.0
// Use cases: who owns an infrastructure, and changing that (core.md §20, auth.md §11).
import { type AuthItem, badRequest, type Caller, errorText, ImError, isGranted } from '../domain/index.js';
import { admitToInfrastructure } from './access.js';
import type { ManagerEnvironment } from './environment.js';
import type { Call } from './manager.js';

/** User names of the owners, in order. */
export async function owners(
  environment: ManagerEnvironment,
  call: Call,
  infrastructureId: string,
): Promise<readonly string[]> {
  const { header } = await admitToInfrastructure(environment, call, infrastructureId, 'read');
  return header.owners.map(({ username }) => username);
}

/** Adds an owner (nothing happens when that user may access already), or replaces all of them. */
export async function changeOwners(
  environment: ManagerEnvironment,
  call: Call,
  infrastructureId: string,
  newItems: readonly AuthItem[],
  { isOverwrite }: { readonly isOverwrite: boolean },
): Promise<void> {
  const { header } = await admitToInfrastructure(environment, call, infrastructureId, 'write');
  const added = await checkedOwner(environment, newItems, call.signal);
  if (!isOverwrite && isGranted(added, header.owners)) {
    return;
  }
  const { owners } = added;
  await environment.store.commit([
    isOverwrite
      ? { kind: 'update-infrastructure', id: infrastructureId, set: { owners } }
      : { kind: 'add-owners', id: infrastructureId, owners },
  ]);
}

async function checkedOwner(
  environment: ManagerEnvironment,
  items: readonly AuthItem[],
  signal: AbortSignal,
): Promise<Caller> {
  try {
    const added = await environment.authenticate(items, signal);
    if (added.onlyInfrastructure !== undefined)
      throw badRequest('The token of an infrastructure is nobody who could own it.');
    return added;
  } catch (error) {
    if (error instanceof ImError && error.code === 'store-unavailable') {
      throw error;
    }
    throw new ImError('bad-request', `Invalid new infrastructure data provided: ${errorText(error)}`, { cause: error });
  }
}
