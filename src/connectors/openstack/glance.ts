// SPDX-License-Identifier: Apache-2.0
// The calls of the image service (Glance v2) that the connector makes.
import { asRecord } from '../shared/json-reader.js';
import type { Session } from './session.js';
import { type ImageView, imageView } from './views.js';

/** The image service. */
export interface Glance {
  image(id: string, signal: AbortSignal): Promise<ImageView | undefined>;
  images(signal: AbortSignal): Promise<readonly ImageView[]>;
  /** Nothing happens when it does not exist. */
  deleteImage(id: string, signal: AbortSignal): Promise<void>;
}

/** Makes the client. */
export function createGlance(session: Session): Glance {
  const imagePath = (id: string): string => `/images/${encodeURIComponent(id)}`;
  return {
    image: async (id, signal) => {
      const answer = await session.call('image', { method: 'GET', path: imagePath(id), signal, accepts: [404] });
      return answer.status === 404 ? undefined : imageView(asRecord(JSON.parse(answer.body.toString('utf8'))));
    },
    images: async (signal) =>
      (
        await session.list('image', 'images', {
          method: 'GET',
          path: '/images',
          query: { status: 'active', limit: '100' },
          signal,
        })
      ).map(imageView),
    deleteImage: async (id, signal) => {
      await session.call('image', { method: 'DELETE', path: imagePath(id), signal, accepts: [404] });
    },
  };
}
