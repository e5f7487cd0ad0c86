// SPDX-License-Identifier: Apache-2.0
// Door of the domain room.
export * from './call-home.js';
export * from './configuration-failure.js';
export * from './credentials.js';
export * from './errors.js';
export * from './infrastructure.js';
export * from './infrastructure-token.js';
export * from './json.js';
export * from './operation.js';
export * from './resource.js';
export * from './revision.js';
export * from './state-reasons.js';
export * from './states.js';
export * from './virtual-machine.js';
