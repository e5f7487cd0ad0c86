// SPDX-License-Identifier: Apache-2.0
// im-admin export: writes infrastructures as the documents that grycap/im and PUT /infrastructures take.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errorText, ImError, infrastructureNotFound } from '../../domain/index.js';
import { recordDocument } from '../../manager/record-document.js';
import type { Store } from '../../store/index.js';
import type { AdminCommand, AdminContext } from '../command.js';
import { countText } from '../text.js';
import { UsageError } from '../usage-error.js';

export const exportCommand: AdminCommand = {
  name: 'export',
  words: 'ID [FILE] | all DIRECTORY',
  wordCount: { min: 1, max: 2 },
  options: [],
  summary: 'write the record of an infrastructure, or of all, as documents for import elsewhere',
  details: `Nothing is changed here: an infrastructure that another daemon imports must not be used in both. Forget it here with im-admin abandon.
The documents hold credentials of owners and machines; files are made with mode 0600. Without FILE the document goes to standard output.`,
  failure: 'there is no such infrastructure, or a file is there already or cannot be written',
  examples: [
    'im-admin export 6f1f0ed2-3b0c-4c8e-9d53-2a8f0f6a1c11 infrastructure.json',
    'im-admin export all /backup/documents',
  ],
  async run(context, { words }) {
    const [id = '', target] = words;
    const store = await context.openStore();
    if (id !== 'all') {
      const text = await documentText(context, store, id);
      if (target === undefined) {
        context.out(text);
      } else {
        await writeNewFile(target, text);
      }
      return 0;
    }
    if (target === undefined) {
      throw new UsageError('Name the directory for the documents: im-admin export all DIRECTORY.');
    }
    const ids = await store.listInfrastructureIds({});
    for (const living of ids) {
      await writeNewFile(join(target, `${living}.json`), await documentText(context, store, living));
    }
    context.note(`${countText(ids.length, 'document')} written to ${target}.`);
    return 0;
  },
};

async function documentText({ config, now }: AdminContext, store: Store, id: string): Promise<string> {
  if ((await store.getHeader(id))?.isDeleted !== false) {
    throw infrastructureNotFound();
  }
  const clock = { now: now(), graceMs: config.vmInfoUpdateErrorGracePeriod * 1000 };
  return JSON.stringify(await recordDocument(store, id, clock));
}

async function writeNewFile(path: string, text: string): Promise<void> {
  try {
    await writeFile(path, `${text}\n`, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    throw new ImError('bad-request', `The file ${path} cannot be made: ${errorText(error)}.`, { cause: error });
  }
}
