// SPDX-License-Identifier: Apache-2.0
// Comparing secrets without telling by the time taken where they differ.
import { createHash, timingSafeEqual } from 'node:crypto';

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Whether two texts are equal. Digests of equal length are compared, so that not even the length shows. */
export function equalSecrets(left: string, right: string): boolean {
  return timingSafeEqual(digest(left), digest(right));
}
