// SPDX-License-Identifier: Apache-2.0
// Door of the placement room.
export { type CloudOption, isUsable } from './cloud-option.js';
export { endpoint, estimate } from './estimate.js';
export { type LaunchUnit, type Placement, place } from './place.js';
