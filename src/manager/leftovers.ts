// SPDX-License-Identifier: Apache-2.0
// Use cases of administrators: what may still exist at providers although nothing here works with it, by the ledger or by asking them.
import { badRequest, type Caller, errorText, ImError } from '../domain/index.js';
import { findLeftovers, type Leftovers, type SweepReport, sweepProviders } from '../operations/maintenance/index.js';
import { admit } from './access.js';
import type { ManagerEnvironment } from './environment.js';
import type { Call } from './manager.js';

/** What the ledger says, without asking anybody. */
export async function leftovers(environment: ManagerEnvironment, call: Call): Promise<readonly Leftovers[]> {
  requireAdmin(await admit(environment, call, 'read'));
  return findLeftovers(environment.store);
}

/** Asks the clouds of the call. @param deleted ids at the provider of orphans to delete */
export async function sweepLeftovers(
  environment: ManagerEnvironment,
  call: Call,
  deleted: readonly string[],
): Promise<SweepReport> {
  const caller = await admit(environment, call, deleted.length > 0 ? 'delete' : 'read');
  requireAdmin(caller);
  if (caller.clouds.length === 0) {
    throw badRequest('No cloud provider available: send the credentials of the clouds that are to be searched.');
  }
  const problems: SweepReport['problems'][number][] = [];
  const connectors = caller.clouds.flatMap((cloud) => {
    try {
      return [environment.connectors.connect(cloud)];
    } catch (error) {
      const { item: _, ...reference } = cloud;
      problems.push({ cloud: reference, text: errorText(error) });
      return [];
    }
  });
  const { store } = environment;
  const report = await sweepProviders({ store, connectors, signal: call.signal, deleted: new Set(deleted) });
  return { ...report, problems: [...problems, ...report.problems] };
}

function requireAdmin({ isAdmin }: Caller): void {
  if (!isAdmin) {
    throw new ImError('unauthorized', 'This is for administrators: the credentials must be those of one (ADMIN_USER).');
  }
}
