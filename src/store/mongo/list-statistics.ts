// SPDX-License-Identifier: Apache-2.0
// Statistics of infrastructures from plain fields of their headers and VMs: no document is opened.
import type { Db } from 'mongodb';
import type { OwnerHash } from '../rows/owner-hash.js';
import { flagOf, integerOf, numberOf, type Row, textOf } from '../rows/row.js';
import type { InfrastructureStatistics, StatisticsFilter } from '../store.js';
import { documentsOf } from './collections.js';
import { ownedByFilter } from './reads.js';

const HEADER = { created_at: 1, updated_at: 1, is_deleted: 1, template_name: 1, user_name: 1 } as const;
const VM = { infrastructure_id: 1, cloud_type: 1, cloud_server: 1, cpu_count: 1, memory_bytes: 1 } as const;

/** Lists statistics, newest infrastructure first (oidc-vault-oai-stats.md §4). */
export async function listStatistics(
  db: Db,
  ownerHash: OwnerHash,
  { id, ownedBy, createdFrom, createdBefore }: StatisticsFilter,
): Promise<readonly InfrastructureStatistics[]> {
  const headers = await documentsOf(db, 'infrastructures')
    .find(
      {
        ...(id !== undefined && { _id: id }),
        ...ownedByFilter(ownedBy, ownerHash),
        created_at: { $gte: createdFrom ?? 0, ...(createdBefore !== undefined && { $lt: createdBefore }) },
      },
      { projection: HEADER },
    )
    .sort({ created_at: -1, sequence: -1 })
    .toArray();
  const totals = await vmTotals(db, new Set(headers.map(({ _id }) => _id)), id);
  return headers.map((row) => ({
    id: row._id,
    createdAt: integerOf(row, 'created_at'),
    updatedAt: integerOf(row, 'updated_at'),
    isDeleted: flagOf(row, 'is_deleted'),
    username: textOf(row, 'user_name'),
    templateName: textOf(row, 'template_name'),
    ...(totals.get(row._id)?.result() ?? NO_VMS),
  }));
}

type VmTotals = Pick<
  InfrastructureStatistics,
  'vmCount' | 'cpuCount' | 'memoryBytes' | 'cloudType' | 'cloudServer' | 'isHybrid'
>;

const NO_VMS: VmTotals = {
  vmCount: 0,
  cpuCount: 0,
  memoryBytes: 0,
  cloudType: '',
  cloudServer: '',
  isHybrid: false,
};

async function vmTotals(
  db: Db,
  ids: ReadonlySet<string>,
  only: string | undefined,
): Promise<ReadonlyMap<string, Total>> {
  const rows = documentsOf(db, 'vms')
    .find(only === undefined ? {} : { infrastructure_id: only }, { projection: VM })
    .sort({ infrastructure_id: 1, vm_number: 1 });
  const totals = new Map<string, Total>();
  for await (const row of rows) {
    const infrastructureId = textOf(row, 'infrastructure_id');
    if (ids.has(infrastructureId)) {
      const total = totals.get(infrastructureId) ?? new Total();
      total.add(row);
      totals.set(infrastructureId, total);
    }
  }
  return totals;
}

/** Sums of the VMs of one infrastructure, which come in number order. */
class Total {
  #vmCount = 0;
  #cpuCount = 0;
  #memoryBytes = 0;
  #cloudType: string | undefined;
  readonly #servers = new Set<string>();

  add(row: Row): void {
    this.#vmCount += 1;
    this.#cpuCount += row.cpu_count === null ? 0 : numberOf(row, 'cpu_count');
    this.#memoryBytes += row.memory_bytes === null ? 0 : numberOf(row, 'memory_bytes');
    this.#cloudType ??= textOf(row, 'cloud_type');
    this.#servers.add(textOf(row, 'cloud_server'));
  }

  result(): VmTotals {
    return {
      vmCount: this.#vmCount,
      cpuCount: this.#cpuCount,
      memoryBytes: Math.round(this.#memoryBytes),
      cloudType: this.#cloudType ?? '',
      cloudServer: [...this.#servers].find((server) => server !== '') ?? '',
      isHybrid: this.#servers.size > 1,
    };
  }
}
