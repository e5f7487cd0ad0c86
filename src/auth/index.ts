// SPDX-License-Identifier: Apache-2.0
// Door of the auth room: reading authorization data, and finding out who makes a call.
export * from './auth-data.js';
export * from './authenticate.js';
export * from './clouds.js';
export type { EgiImage, EgiImages } from './egi/egi-images.js';
export * from './host.js';
export * from './identity.js';
export { checkItems, IM_TYPE, itemsFromObjects, NO_IM_CREDENTIALS } from './item.js';
export { hashPassword } from './password-hash.js';
export { type SingleSiteConfig, singleSiteImageUrl } from './single-site.js';
export type { TokenClaims } from './token.js';
export * from './token-verifier.js';
export type { FileStamp, UserFileAccess } from './user-db.js';
