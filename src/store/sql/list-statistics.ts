// SPDX-License-Identifier: Apache-2.0
// Statistics of infrastructures from plain columns: no document is opened, so deleted ones count like living ones.

import type { OwnerHash } from '../rows/owner-hash.js';
import { flagOf, integerOf, numberOf, optionalTextOf, type Row, type SqlValue, textOf } from '../rows/row.js';
import type { InfrastructureStatistics, StatisticsFilter } from '../store.js';
import type { SqlSession } from './database.js';
import { ownedByCondition } from './owners.js';

/** Lists statistics, newest infrastructure first (oidc-vault-oai-stats.md §4). */
export async function listStatistics(
  session: SqlSession,
  ownerHash: OwnerHash,
  { id, ownedBy, createdFrom, createdBefore }: StatisticsFilter,
): Promise<readonly InfrastructureStatistics[]> {
  const conditions = ['1 = 1'];
  const values: SqlValue[] = [];
  const owned = ownedByCondition(ownedBy, ownerHash);
  if (owned !== undefined) {
    conditions.push(owned.sql);
    values.push(...owned.values);
  }
  if (id !== undefined) {
    conditions.push('infrastructures.id = ?');
    values.push(id);
  }
  if (createdFrom !== undefined) {
    conditions.push('infrastructures.created_at >= ?');
    values.push(createdFrom);
  }
  if (createdBefore !== undefined) {
    conditions.push('infrastructures.created_at < ?');
    values.push(createdBefore);
  }
  const where = conditions.join(' AND ');
  // The sums run over floating-point numbers: sizes come from users, and a sum of big integers could overflow.
  const rows = await session.all(
    `SELECT infrastructures.id, infrastructures.created_at, infrastructures.updated_at, infrastructures.is_deleted,
            infrastructures.template_name, owners.user_name,
            COALESCE(totals.vm_count, 0) AS vm_count, COALESCE(totals.cpu_sum, 0) AS cpu_sum,
            COALESCE(totals.memory_sum, 0) AS memory_sum, COALESCE(totals.server_count, 0) AS server_count,
            earliest.cloud_type, hosted.cloud_server
       FROM infrastructures
       LEFT JOIN owners ON owners.infrastructure_id = infrastructures.id AND owners.position = 0
       LEFT JOIN (
         SELECT vms.infrastructure_id, COUNT(*) AS vm_count, SUM(vms.cpu_count) AS cpu_sum,
                SUM(vms.memory_bytes * 1.0) AS memory_sum, COUNT(DISTINCT vms.cloud_server) AS server_count,
                MIN(vms.vm_number) AS first_vm,
                MIN(CASE WHEN vms.cloud_server <> '' THEN vms.vm_number END) AS first_hosted
           FROM vms
          WHERE vms.infrastructure_id IN (SELECT infrastructures.id FROM infrastructures WHERE ${where})
          GROUP BY vms.infrastructure_id
       ) totals ON totals.infrastructure_id = infrastructures.id
       LEFT JOIN vms earliest
         ON earliest.infrastructure_id = infrastructures.id AND earliest.vm_number = totals.first_vm
       LEFT JOIN vms hosted
         ON hosted.infrastructure_id = infrastructures.id AND hosted.vm_number = totals.first_hosted
      WHERE ${where}
      ORDER BY infrastructures.created_at DESC, infrastructures.sequence DESC`,
    [...values, ...values],
  );
  return rows.map(readStatistics);
}

function readStatistics(row: Row): InfrastructureStatistics {
  return {
    id: textOf(row, 'id'),
    createdAt: integerOf(row, 'created_at'),
    updatedAt: integerOf(row, 'updated_at'),
    isDeleted: flagOf(row, 'is_deleted'),
    username: optionalTextOf(row, 'user_name') ?? '',
    templateName: textOf(row, 'template_name'),
    vmCount: integerOf(row, 'vm_count'),
    cpuCount: numberOf(row, 'cpu_sum'),
    memoryBytes: Math.round(numberOf(row, 'memory_sum')),
    cloudType: optionalTextOf(row, 'cloud_type') ?? '',
    cloudServer: optionalTextOf(row, 'cloud_server') ?? '',
    isHybrid: integerOf(row, 'server_count') > 1,
  };
}
