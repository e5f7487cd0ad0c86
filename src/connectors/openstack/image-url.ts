// SPDX-License-Identifier: Apache-2.0
// The image URLs of this connector (openstack.md §2).
import { type CloudCredential, errorText, ImError } from '../../domain/index.js';
import type { ImageUrl } from '../shared/image-candidates.js';
import type { Site } from './site.js';

/** What a machine boots from: an image of Glance, or a volume of Cinder that exists already. */
export interface BootSource {
  readonly kind: 'image' | 'volume';
  readonly id: string;
}

/** `ost://host[:port]/<image>`, `/image/<image>`, `/volume/<volume>`; `images` and `volumes` too. Undefined for other texts. */
export function bootSource(url: ImageUrl): BootSource | undefined {
  if (url.scheme !== 'ost') return undefined;
  const match = /^\/(?:(image|volume)s?\/)?([^/]+)$/.exec(url.path);
  if (match === null) return undefined;
  const [, kind, id = ''] = match;
  return { kind: kind === 'volume' ? 'volume' : 'image', id };
}

/** The last part of a URL: the id of whatever it names. */
export function lastPart(url: string): string {
  return url.slice(url.lastIndexOf('/') + 1);
}

/** URL of an image of this cloud. */
export function imageUrl(cloud: CloudCredential, id: string): string {
  return `ost://${cloud.server}/${id}`;
}

/** Is it an image of the EGI federation, which a service knows the cloud's own id of? (`appdb` is its old name.) */
export const isEgiImage = (url: ImageUrl): boolean => url.scheme === 'egi' || url.scheme === 'appdb';

/** Why the cloud does not take an image, or undefined when it does. */
export function imageRefusal(cloud: CloudCredential, url: ImageUrl): string | undefined {
  // Whether it is there is only known once it is looked up.
  if (isEgiImage(url)) return undefined;
  if (url.scheme !== 'ost')
    return 'OpenStack takes images of the form ost://<keystone host>/<image id> or egi://<site>/<image>?<vo>';
  const host = hostOf(url.authority);
  if (host !== cloud.server.toLowerCase()) return `it is an image of ${host}, and ${cloud.id} is ${cloud.server}`;
  if (bootSource(url) === undefined)
    return 'the id of the image or volume is missing: ost://<keystone host>/<image id>';
  return undefined;
}

/** Host without port and brackets, lower case. */
function hostOf(authority: string): string {
  const match = /^(?:\[([^\]]*)\]|([^:]*))(?::\d+)?$/.exec(authority.toLowerCase());
  return match?.[1] ?? match?.[2] ?? authority.toLowerCase();
}

/**
 * The image of a URL as the cloud knows it.
 * @throws ImError `provider` when the text names none, or the EGI federation does not know it
 */
export async function resolveImage(site: Site, url: ImageUrl): Promise<BootSource> {
  if (isEgiImage(url)) {
    const { server } = site.cloud;
    try {
      return {
        kind: 'image',
        id: await site.environment.resolveEgiImage(url.text, { server, vo: site.session.credential.vo }),
      };
    } catch (error) {
      throw new ImError('provider', `Error in egi image: ${errorText(error)}`, { cause: error });
    }
  }
  const source = bootSource(url);
  if (source === undefined) throw new ImError('provider', `Incorrect OpenStack image set. (${url.text})`);
  return source;
}
