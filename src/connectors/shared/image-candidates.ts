// SPDX-License-Identifier: Apache-2.0
// The concrete step that all image-based clouds share: one candidate per image URL that the cloud takes (common.md B2).
import type { CloudCredential } from '../../domain/index.js';
import { createSystem, type Features, type System } from '../../radl/index.js';
import type { Candidate, CandidateList } from '../connector.js';

/** The parts of an image URL `scheme://authority/path`. Not `URL`, which reads `debian:12` as host and port. */
export interface ImageUrl {
  readonly text: string;
  /** Lower case; empty when the text has none. */
  readonly scheme: string;
  readonly authority: string;
  /** With its leading `/`; empty when there is none. */
  readonly path: string;
}

/** Splits an image URL; a text without `://` is all path. */
export function parseImageUrl(text: string): ImageUrl {
  const match = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/([^/]*)(.*)$/s.exec(text);
  if (match === null) return { text, scheme: '', authority: '', path: text };
  const [, scheme = '', authority = '', path = ''] = match;
  return { text, scheme: scheme.toLowerCase(), authority, path };
}

/** What a cloud decides about images. */
export interface ImageRules {
  /** Why the cloud does not take the image, or undefined when it does. */
  refusal(url: ImageUrl): string | undefined;
  /** Writes on the candidate what this cloud adds (user name, pinned sizes...). */
  complete(features: Features, url: ImageUrl): void;
}

/**
 * One candidate per accepted image, in the order of the system's `disk.0.image.url` (text or list), each with the image and the cloud
 * written on it. A system without image has none here: which image to use is for the image search to say.
 */
export function imageCandidates(system: System, cloud: CloudCredential, rules: ImageRules): CandidateList {
  const urls = system.features.getTexts('disk.0.image.url').filter((url) => url !== '');
  if (urls.length === 0) {
    return { candidates: [], refusals: [`system ${system.name} names no image: set disk.0.image.url`] };
  }
  const candidates: Candidate[] = [];
  const refusals: string[] = [];
  for (const url of urls) {
    const parsed = parseImageUrl(url);
    const refusal = rules.refusal(parsed);
    if (refusal !== undefined) {
      refusals.push(`image ${url}: ${refusal}`);
      continue;
    }
    const features = system.features.clone();
    rules.complete(features, parsed);
    features.setText('disk.0.image.url', url);
    features.setText('provider.type', cloud.type);
    if (cloud.server !== '') features.setText('provider.host', cloud.server);
    if (cloud.port !== -1) features.setInteger('provider.port', cloud.port);
    candidates.push({ system: createSystem(system.name, features) });
  }
  return { candidates, refusals };
}
