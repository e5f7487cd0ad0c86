// SPDX-License-Identifier: Apache-2.0
// URLs of images and disks: `aws://<region>/<id or name>` (ec2.md §2).
import { badRequest } from '../../domain/index.js';
import { type ImageUrl, parseImageUrl } from '../shared/image-candidates.js';
import { knownRegion } from './credentials.js';

/** Where an image, a snapshot or a volume is. */
export interface Ec2Url {
  readonly region: string;
  readonly name: string;
}

/** Why the URL is none of an AMI, or undefined. */
export function imageRefusal(url: ImageUrl): string | undefined {
  if (url.scheme !== 'aws') return 'EC2 takes images of the form aws://region/ami-id';
  if (!/^\/ami-[A-Za-z0-9]+$/.test(url.path)) return `'${url.path.slice(1)}' is no AMI id (aws://region/ami-id)`;
  return undefined;
}

/** @throws ImError `bad-request` when the text is no such URL */
export function parseEc2Url(text: string): Ec2Url {
  const { scheme, authority, path } = parseImageUrl(text);
  if (scheme !== 'aws' || path.length < 2) throw badRequest(`${text} is no URL of EC2 (aws://region/id).`);
  return { region: knownRegion(authority), name: path.slice(1) };
}

/** `aws://<region>/<id>`. */
export const ec2Url = (region: string, id: string): string => `aws://${region}/${id}`;
