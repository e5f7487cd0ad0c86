// SPDX-License-Identifier: Apache-2.0
// Ways to serve a system on EC2: an AMI, an instance type of its region, and a login (ec2.md §2).
import { createPublicKey } from 'node:crypto';
import { errorText } from '../../domain/index.js';
import { createSystem, type Features, type System } from '../../radl/index.js';
import type { CandidateList } from '../connector.js';
import { type ImageUrl, imageCandidates, parseImageUrl } from '../shared/image-candidates.js';
import { generateSshKeyPair, openSshPublicKey, type SshKeyPair } from '../shared/keys.js';
import { readPrices } from '../shared/prices.js';
import { chooseType, NO_INSTANCE_TYPE, writeType } from './choose-type.js';
import { knownRegion } from './credentials.js';
import type { Engine } from './engine.js';
import { imageRefusal } from './image-url.js';
import { type InstanceType, instanceTypes } from './instance-types.js';

const DEFAULT_USER = 'cloudadm';
const CREDENTIALS = 'disk.0.os.credentials';

/** One candidate per AMI of the system that a type of its region fits. */
export async function candidates(engine: Engine, system: System, signal: AbortSignal): Promise<CandidateList> {
  const prices = await readPrices(engine.environment.settings.priceFile);
  const offers = new Map<string, readonly InstanceType[] | string>();
  for (const text of system.features.getTexts('disk.0.image.url')) {
    const url = parseImageUrl(text);
    if (imageRefusal(url) === undefined && !offers.has(url.authority)) {
      offers.set(url.authority, await offerOf(engine, url.authority, signal));
    }
  }
  const choose = (features: Features, url: ImageUrl): InstanceType | undefined => {
    const types = offers.get(url.authority);
    return typeof types === 'object' ? chooseType(features, types, prices, url.authority) : undefined;
  };
  const list = imageCandidates(system, engine.cloud, {
    refusal: (url) => {
      const offer = offers.get(url.authority);
      return (
        imageRefusal(url) ??
        (typeof offer === 'string' ? offer : undefined) ??
        (choose(system.features, url) === undefined ? NO_INSTANCE_TYPE : undefined)
      );
    },
    complete: (features, url) => {
      const type = choose(system.features, url);
      if (type !== undefined) writeType(features, type, prices, url.authority, system.features.has('price'));
      if (!features.getText(`${CREDENTIALS}.username`)) features.setText(`${CREDENTIALS}.username`, DEFAULT_USER);
    },
  });
  if (list.candidates.length === 0) return list;
  // One pair for all images and all VMs of the system. It is stored with the VMs before they are launched, so that a machine that a dying
  // daemon had launched can still be logged in to.
  const pair = await missingKeys(system.features);
  return {
    ...list,
    candidates: list.candidates.map(({ system: offered }) => ({ system: withLogin(offered, pair) })),
  };
}

/** The types of a region, or why they are not known: another image may still do. */
async function offerOf(engine: Engine, region: string, signal: AbortSignal): Promise<readonly InstanceType[] | string> {
  try {
    return await instanceTypes(engine, knownRegion(region), signal);
  } catch (error) {
    signal.throwIfAborted();
    return errorText(error);
  }
}

/** What the user did not give of a key pair; nothing when nothing is missing or can be told. */
async function missingKeys(features: Features): Promise<Partial<SshKeyPair>> {
  const publicKey = features.getText(`${CREDENTIALS}.public_key`) ?? '';
  const privateKey = features.getText(`${CREDENTIALS}.private_key`) ?? '';
  if (publicKey !== '') return {};
  if (privateKey === '') return generateSshKeyPair();
  return { ...publicKeyOf(privateKey) };
}

/** The public half of an RSA key in PEM form; other forms are for the image to know. */
function publicKeyOf(privateKey: string): { readonly publicKey: string } | undefined {
  try {
    const key = createPublicKey(privateKey);
    if (key.asymmetricKeyType !== 'rsa') return undefined;
    return { publicKey: openSshPublicKey(key.export({ type: 'spki', format: 'pem' }).toString()) };
  } catch {
    return undefined;
  }
}

function withLogin(system: System, { publicKey, privateKey }: Partial<SshKeyPair>): System {
  const features = system.features.clone();
  if (publicKey !== undefined) features.setText(`${CREDENTIALS}.public_key`, publicKey);
  if (privateKey !== undefined) features.setText(`${CREDENTIALS}.private_key`, privateKey);
  if (features.getText(`${CREDENTIALS}.private_key`)) {
    features.delete(`${CREDENTIALS}.password`);
    features.delete(`${CREDENTIALS}.new.password`);
  }
  return createSystem(system.name, features);
}
