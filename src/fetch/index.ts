// SPDX-License-Identifier: Apache-2.0
// The door of the fetch room: texts from elsewhere, guarded.
export { type AddressGuard, createAddressGuard } from './address-guard.js';
export { FetchError, RefusedUrlError } from './fetch-error.js';
export { type ByteLimits, createFetcher, type Fetcher, type FetcherOptions, type GuardedPlace } from './fetcher.js';
export type { Resolve } from './guarded-agent.js';
export { mirroredUrl, type UrlMirror } from './mirror.js';
