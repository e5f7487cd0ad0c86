// SPDX-License-Identifier: Apache-2.0
// Reads the Ansible content that is shipped with the daemon and goes to every master (`utils/...`).
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PlannedFile } from '../contract.js';

const FOLDER = 'utils';

/**
 * All files under `<contextualizationDir>/utils`, for `PlanInput.utilityFiles`. Recipes include them as `utils/tasks/<name>.yml`.
 *
 * @throws the file system's error when the folder is missing: CONTEXTUALIZATION_DIR then points to a wrong place
 */
export async function readUtilityFiles(contextualizationDir: string): Promise<readonly PlannedFile[]> {
  const entries = await readdir(join(contextualizationDir, FOLDER), { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  return Promise.all(
    paths.map(async (path) => ({
      path: join(FOLDER, path.slice(join(contextualizationDir, FOLDER).length + 1)),
      content: await readFile(path, 'utf8'),
      mode: 0o600,
    })),
  );
}
