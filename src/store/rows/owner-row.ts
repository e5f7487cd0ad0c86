// SPDX-License-Identifier: Apache-2.0
// Owners: sealed with their secrets in the infrastructure's row.
import type { Owner } from '../../domain/index.js';
import type { Sealer } from '../sealing.js';
import { sealJson } from './documents.js';
import { isTextRecord, parseJsonList } from './row.js';

const context = (infrastructureId: string): string => `infrastructures/owners/${infrastructureId}`;

/** Owners as the column of the infrastructure. */
export function sealOwners(sealer: Sealer, infrastructureId: string, owners: readonly Owner[]): string {
  return sealJson(sealer, owners, context(infrastructureId));
}

/** Owners from the column of the infrastructure. */
export function openOwners(sealer: Sealer, infrastructureId: string, sealed: string): readonly Owner[] {
  const place = context(infrastructureId);
  return parseJsonList(sealer.open(sealed, place), place, (value): Owner | undefined => {
    if (!isTextRecord(value)) {
      return undefined;
    }
    const { username, password, token } = value;
    return username === undefined
      ? undefined
      : { username, ...(password !== undefined && { password }), ...(token !== undefined && { token }) };
  });
}

/** Owners without what proves who they are. */
export function scrubbedOwners(owners: readonly Owner[]): readonly Owner[] {
  return owners.map(({ username }) => ({ username }));
}
