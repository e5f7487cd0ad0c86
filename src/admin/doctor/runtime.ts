// SPDX-License-Identifier: Apache-2.0
// Doctor: the Ansible runtime bundles that are pushed to the nodes.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { type RuntimeBundle, readManifest } from '../../contextualization/runtime/index.js';
import { errorText } from '../../domain/index.js';
import type { AdminContext } from '../command.js';
import { type CheckResult, fail, fine } from './check-result.js';

const SUBJECT = 'Ansible runtime';

export async function checkRuntime({ config }: AdminContext): Promise<readonly CheckResult[]> {
  const directory = config.runtimeBundleDir;
  let bundles: readonly RuntimeBundle[];
  try {
    bundles = (await readManifest(directory)).bundles;
  } catch (error) {
    return [fail(SUBJECT, errorText(error), 'until then machines are launched and not configured')];
  }
  if (bundles.length === 0) {
    return [fail(SUBJECT, `${directory} has no bundle`, 'make one with: npm run runtime-bundle')];
  }
  return await Promise.all(bundles.map((bundle) => checkBundle(directory, bundle)));
}

async function checkBundle(
  directory: string,
  { file, sha256, ansibleCore, python }: RuntimeBundle,
): Promise<CheckResult> {
  const path = join(directory, file);
  try {
    const hash = createHash('sha256');
    await pipeline(createReadStream(path), hash);
    if (hash.digest('hex') === sha256) {
      return fine(SUBJECT, `${file}: Ansible ${ansibleCore} for nodes with Python ${python.min} to ${python.max}`);
    }
    return fail(SUBJECT, `${path} is damaged`, 'make it again with: npm run runtime-bundle');
  } catch (error) {
    return fail(SUBJECT, `${path} cannot be read (${errorText(error)})`, 'make it again with: npm run runtime-bundle');
  }
}
