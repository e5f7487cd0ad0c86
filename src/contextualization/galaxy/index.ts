// SPDX-License-Identifier: Apache-2.0
// Door of the part that gets roles and collections.
export type { ContentRequest } from './content.js';
export { createContentCache } from './content-cache.js';
export { describeRequest } from './failure.js';
export { type ContentPackage, gatherContent } from './gather.js';
export { installContent } from './install.js';
export { roleTexts } from './role-texts.js';
