// SPDX-License-Identifier: Apache-2.0
// Placeholder
import { ImError } from '../../domain/index.js';
import type { MongoLocation } from '../data-db.js';
import type { OpenStoreOptions } from '../open-store.js';
import type { Store } from '../store.js';

export function openMongoStore(
  location: MongoLocation,
  _options: OpenStoreOptions & { keyFile: string },
): Promise<Store> {
  return Promise.reject(new ImError('store-unavailable', location.hosts));
}
