// SPDX-License-Identifier: Apache-2.0
// Use case: one row per infrastructure of the caller, deleted ones included (oidc-vault-oai-stats.md §4).
import type { InfrastructureStatistics } from '../store/index.js';
import { admit } from './access.js';
import type { ManagerEnvironment } from './environment.js';
import type { Call, StatsRow } from './manager.js';

const pad = (value: number): string => String(value).padStart(2, '0');

/** Rows of infrastructures created inside the range (whole days, local time of the daemon), newest first. */
export async function stats(
  environment: ManagerEnvironment,
  call: Call,
  { from, to }: { readonly from?: string; readonly to?: string },
): Promise<readonly StatsRow[]> {
  const caller = await admit(environment, call, 'read');
  const rows = await environment.store.listStatistics({
    ...(!caller.isAdmin && { ownedBy: caller.owners }),
    ...(from !== undefined && { createdFrom: startOfDay(from, 0) }),
    ...(to !== undefined && { createdBefore: startOfDay(to, 1) }),
  });
  return rows.map(statsRow);
}

function statsRow(row: InfrastructureStatistics): StatsRow {
  return {
    creation_date: localTime(row.createdAt),
    tosca_name: row.templateName,
    vm_count: row.vmCount,
    cpu_count: row.cpuCount,
    memory_size: Math.round(row.memoryBytes / 1e6),
    cloud_type: row.cloudType,
    cloud_host: row.cloudServer,
    hybrid: row.isHybrid,
    deleted: row.isDeleted,
    im_user: row.username,
    inf_id: row.id,
    last_date: localTime(row.updatedAt),
  };
}

/** Local midnight of a `YYYY-MM-DD` day, some days later. */
function startOfDay(day: string, offset: number): number {
  const [year, month, date] = day.split('-').map(Number);
  return new Date(year ?? 1970, (month ?? 1) - 1, (date ?? 1) + offset).getTime();
}

function localTime(milliseconds: number): string {
  const date = new Date(milliseconds);
  const day = `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}`;
  return `${day} ${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}`;
}
