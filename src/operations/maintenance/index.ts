// SPDX-License-Identifier: Apache-2.0
// Door of the maintenance part: what the daemon schedules and the admin tool does on demand.
export { findLeftovers, type Leftovers, type Whereabouts } from './leftovers.js';
export { type Maintenance, type MaintenanceSettings, startMaintenance } from './maintenance.js';
export { type PurgeReport, purgeDeleted } from './purge.js';
