// SPDX-License-Identifier: Apache-2.0
// Door of the store room.
export { type OpenStoreOptions, openStore } from './open-store.js';
export { createSealer, type Sealer } from './sealing.js';
export { STATISTICS_KEY } from './sql/statistics.js';
export * from './store.js';
