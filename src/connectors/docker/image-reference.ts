// SPDX-License-Identifier: Apache-2.0
// Image references as the engine understands them: registry with port, tag, digest (docker.md §3 step 4.4).
import { badRequest } from '../../domain/index.js';

/** An image reference in the parts that the pull call takes. */
export interface ImageReference {
  /** Registry and repository: `reg.example.org:5000/team/img`. */
  readonly name: string;
  /** Tag, or digest with its algorithm; a digest wins over a tag. */
  readonly tag: string;
  /** The whole in the form that creates containers. */
  readonly text: string;
}

const COMPONENT = '[A-Za-z0-9]+(?:[._-]+[A-Za-z0-9]+)*';
const NAME = new RegExp(`^(?:[A-Za-z0-9][A-Za-z0-9.-]*(?::[0-9]{1,5})?/)?${COMPONENT}(?:/${COMPONENT})*$`);
const REFERENCE =
  /^([^@]+?)(?::([A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?(?:@([A-Za-z][A-Za-z0-9+._-]*:[0-9A-Fa-f]{32,}))?$/;

/**
 * Reads the part of an image URL after `docker://`.
 * @throws ImError `bad-request` when it is no image reference
 */
export function parseImageReference(text: string): ImageReference {
  const match = REFERENCE.exec(text);
  const name = match?.[1] ?? '';
  // Only the last component may carry a tag: a colon before a slash belongs to the port of a registry.
  if (match === null || !NAME.test(name)) {
    throw badRequest(`'${text}' is not an image reference; write docker://[registry[:port]/]name[:tag][@digest].`);
  }
  const [, , tag = 'latest', digest] = match;
  return { name, tag: digest ?? tag, text: digest === undefined ? `${name}:${tag}` : `${name}@${digest}` };
}
