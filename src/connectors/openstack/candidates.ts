// SPDX-License-Identifier: Apache-2.0
// The concrete step: an image of this cloud, the flavor that serves the system, and the key for its first login (openstack.md §2).
import { errorText } from '../../domain/index.js';
import type { Features, System } from '../../radl/index.js';
import type { Candidate, CandidateList } from '../connector.js';
import { imageCandidates, parseImageUrl } from '../shared/image-candidates.js';
import { generateSshKeyPair } from '../shared/keys.js';
import { chooseFlavor, flavorsOf, flavorWish, writeFlavor } from './flavors.js';
import { imageRefusal, isEgiImage, resolveImage } from './image-url.js';
import type { Site } from './site.js';

const DEFAULT_USER = 'cloudadm';

/**
 * One candidate per image of this cloud. The key pair is made here and not at launch: the candidate is stored before anything is created, so that
 * a launch that goes on after a crash still has the key that the machine was made with.
 */
export async function candidates(site: Site, system: System, signal: AbortSignal): Promise<CandidateList> {
  const { cloud } = site;
  const offered = imageCandidates(system, cloud, {
    refusal: (url) => imageRefusal(cloud, url),
    complete: (features) => {
      if (!features.has('disk.0.os.credentials.username')) {
        features.setText('disk.0.os.credentials.username', DEFAULT_USER);
      }
      const vo = site.session.credential.vo ?? '';
      if (vo !== '') features.setText('provider.vo', vo);
    },
  });
  // Nothing is asked of a cloud that has none of the images.
  if (offered.candidates.length === 0) return offered;
  const flavor = chooseFlavor(await flavorsOf(site, signal), system.features);
  if (flavor === undefined) {
    const wish = flavorWish(system.features);
    const reason = `No flavor found for the specified VM requirements.${wish === '' ? '' : ` (${wish})`}`;
    return { candidates: [], refusals: [...offered.refusals, reason] };
  }
  const complete: Candidate[] = [];
  const refusals = [...offered.refusals];
  for (const candidate of offered.candidates) {
    const url = parseImageUrl(candidate.system.features.getTexts('disk.0.image.url')[0] ?? '');
    try {
      if (isEgiImage(url)) await resolveImage(site, url);
    } catch (error) {
      signal.throwIfAborted();
      refusals.push(`image ${url.text}: ${errorText(error)}`);
      continue;
    }
    writeFlavor(candidate.system.features, flavor);
    await ensureKey(candidate.system.features);
    complete.push(candidate);
  }
  return { candidates: complete, refusals };
}

/** The user's public key, else a pair of our own. */
async function ensureKey(features: Features): Promise<void> {
  if ((features.getText('disk.0.os.credentials.public_key') ?? '') !== '') return;
  const { publicKey, privateKey } = await generateSshKeyPair();
  features.setText('disk.0.os.credentials.public_key', publicKey);
  features.setText('disk.0.os.credentials.private_key', privateKey);
}
