// SPDX-License-Identifier: Apache-2.0
// Which images the connector takes, and getting them to the engine (docker.md §2, §3 step 4.4).
import { errorText, ImError } from '../../domain/index.js';
import type { Features } from '../../radl/index.js';
import type { ConnectorEnvironment } from '../connector.js';
import type { ImageRules } from '../shared/image-candidates.js';
import { NODE_USER } from './document.js';
import type { Engine } from './engine.js';
import { type ImageReference, parseImageReference } from './image-reference.js';

/** Length of generated root passwords. */
export const PASSWORD_LENGTH = 16;

/** Images are `docker://NAME...`; which server they come from does not matter. */
export function imageRules(environment: ConnectorEnvironment): ImageRules {
  return {
    refusal: (url) => {
      if (url.scheme !== 'docker') return 'Docker takes images of the form docker://name:tag';
      if (url.authority === '') return 'the name of the image is missing after docker://';
      try {
        parseImageReference(`${url.authority}${url.path}`);
        return undefined;
      } catch (error) {
        return errorText(error);
      }
    },
    complete: (features) => {
      features.setText('virtual_system_type', 'docker');
      pin(features, 'cpu.count');
      pin(features, 'memory.size');
      features.setText('disk.0.os.credentials.username', NODE_USER);
      // Replaced by one password per VM at launch; what the user wrote is not used.
      features.setText('disk.0.os.credentials.password', environment.randomText(PASSWORD_LENGTH));
    },
  };
}

/** The bound that the user wrote becomes the exact size. */
function pin(features: Features, property: string): void {
  const feature = features.feature(property);
  if (feature === undefined) return;
  const { value, unit } = feature;
  if (typeof value === 'bigint' || typeof value === 'number') features.setNumber(property, value, unit);
}

/**
 * Pulls the image unless the engine has it: a present image is never pulled again, so that local images work and nothing changes under a
 * running infrastructure.
 * @throws ImError `provider` `Error pulling the image: ...`
 */
export async function ensureImage(engine: Engine, image: ImageReference, signal: AbortSignal): Promise<void> {
  if (await engine.client.imageExists(image, signal)) return;
  try {
    await engine.client.pullImage(image, signal);
  } catch (error) {
    signal.throwIfAborted();
    throw new ImError('provider', `Error pulling the image: ${image.text}: ${errorText(error)}`, { cause: error });
  }
}
