// SPDX-License-Identifier: Apache-2.0
// Door of the maintenance part: what the daemon schedules and the admin tool does on demand.
export { type Adoption, type AdoptionPlan, planAdoption } from './adopt.js';
export { findLeftovers, type Leftovers, type Whereabouts } from './leftovers.js';
export { type Maintenance, type MaintenanceSettings, startMaintenance } from './maintenance.js';
export { type PurgeReport, purgeDeleted } from './purge.js';
export { type Orphan, type OrphanReason, type SweepReport, sweepProviders } from './sweep.js';
