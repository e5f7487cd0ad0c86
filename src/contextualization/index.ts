// SPDX-License-Identifier: Apache-2.0
// Door of the contextualization room.
export { createContextualizer } from './contextualizer.js';
export type * from './contract.js';
export { checkDisabled, electMaster, externalAnsibleHosts } from './plan/index.js';
export { MANIFEST_FORMAT, pythonRangeOf, type RuntimeBundle, readManifest } from './runtime/index.js';
export * from './tunnel/index.js';
