// SPDX-License-Identifier: Apache-2.0
// How well a concrete system serves a request: soft features first, then what the image has installed (core.md §9.2).
import {
  applications,
  applySystem,
  concretize,
  type Features,
  isNewerApplication,
  type System,
} from '../radl/index.js';

/** Score of a cloud that cannot serve a system. */
export const IMPOSSIBLE_SCORE = -1e9;

/** A concrete system with its score. */
export interface ScoredSystem {
  readonly system: System;
  readonly score: number;
}

/**
 * Merges what a connector offers over the prepared request, applies the soft features that fit, and scores the result.
 * @param requested the user's system, for its applications
 * @param prepared the request with defaults and image data, without applications
 * @param offered what the connector made of it
 */
export function scoreSystem(requested: System, prepared: System, offered: System): ScoredSystem {
  const merged = applySystem(prepared, offered, { conflict: 'other', missing: 'other' });
  const { system, score } = concretize(merged);
  return { system, score: score * 10_000 + applicationScore(applications(requested), applications(system)) };
}

/** +100 per requested application that the image has new enough, -1 per versioned application of the image. */
export function applicationScore(requested: readonly Features[], installed: readonly Features[]): number {
  let score = 0;
  for (const application of installed) {
    for (const wanted of requested) {
      if (isNewerApplication(application, wanted)) {
        score += 100;
      }
    }
    if (application.getText('version') !== undefined) {
      score -= 1;
    }
  }
  return score;
}

/** The best of several; the first one on ties. */
export function bestOf(systems: readonly ScoredSystem[]): ScoredSystem | undefined {
  let best: ScoredSystem | undefined;
  for (const candidate of systems) {
    if (best === undefined || candidate.score > best.score) {
      best = candidate;
    }
  }
  return best;
}
