// SPDX-License-Identifier: Apache-2.0
// The records of all templates of a folder: listed and read through the guarded fetcher, kept for an hour, old ones when GitHub fails.
import { errorText, ImError } from '../../domain/index.js';
import type { Logger } from '../../util/logger.js';
import { createSemaphore } from '../../util/semaphore.js';
import { type TemplateFolder, templateFolder } from './template-folder.js';
import { type TemplateRecord, templateRecord } from './template-record.js';

/** What the library needs from outside. */
export interface TemplateLibraryOptions {
  /** OAIPMH_REPO_BASE_IDENTIFIER_URL */
  readonly baseUrl: string;
  /** Text behind a URL, guarded, bounded and cached. */
  readonly fetchText: (url: string) => Promise<string>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly logger: Logger;
}

/** See the top of the file. */
export interface TemplateLibrary {
  /** @throws ImError `provider` when the folder was never listed and cannot be */
  records(): Promise<readonly TemplateRecord[]>;
}

const KEPT_MS = 3_600_000;
/** When some template could not be read, the next request after this time tries again. */
const KEPT_INCOMPLETE_MS = 60_000;
const MAX_TEMPLATES = 2000;
const SIMULTANEOUS_READS = 8;
/** Files that hold no template, whatever is in them. */
const NOT_A_TEMPLATE = /\.(?:png|jpe?g|gif|svg|ico|webp|pdf|zip|gz|tgz|md|html?|css|js|py|sh)$/i;

/** Makes the library; nothing is fetched before the first question. */
export function createTemplateLibrary({ baseUrl, fetchText, now, logger }: TemplateLibraryOptions): TemplateLibrary {
  let known: { readonly records: readonly TemplateRecord[]; readonly until: number } | undefined;
  let loading: Promise<readonly TemplateRecord[]> | undefined;

  const read = async (folder: TemplateFolder, path: string): Promise<TemplateRecord | 'unread' | undefined> => {
    try {
      const text = await fetchText(folder.fileUrl(path));
      return templateRecord(folder.identifierBase + path.slice(folder.path.length), text);
    } catch (error) {
      logger.warn(`OAI-PMH: the template ${path} is left out: ${errorText(error)}`);
      return 'unread';
    }
  };

  const load = async (): Promise<readonly TemplateRecord[]> => {
    try {
      const folder = templateFolder(baseUrl);
      const paths = templatePaths(await fetchText(folder.treeUrl), folder.path);
      if (paths.length > MAX_TEMPLATES) {
        logger.warn(`OAI-PMH: the folder has ${paths.length} templates; the first ${MAX_TEMPLATES} are published.`);
      }
      const reads = createSemaphore(SIMULTANEOUS_READS);
      const found = await Promise.all(paths.slice(0, MAX_TEMPLATES).map((path) => reads.run(() => read(folder, path))));
      const records = found.filter((entry) => entry !== undefined && entry !== 'unread');
      known = { records, until: now() + (found.includes('unread') ? KEPT_INCOMPLETE_MS : KEPT_MS) };
    } catch (error) {
      if (known === undefined) throw new ImError('provider', errorText(error), { cause: error });
      logger.warn(`OAI-PMH: the templates known before are published: ${errorText(error)}`);
      known = { ...known, until: now() + KEPT_INCOMPLETE_MS };
    }
    return known.records;
  };

  return {
    records: () => {
      if (known !== undefined && now() < known.until) return Promise.resolve(known.records);
      // Harvesters that come at the same time share one load.
      loading ??= load().finally(() => {
        loading = undefined;
      });
      return loading;
    },
  };
}

/** Paths of the files in the folder. @throws ImError `provider` when the answer is not that of GitHub */
function templatePaths(text: string, folder: string): readonly string[] {
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch (error) {
    throw new ImError('provider', 'GitHub answered something else than the list of files.', { cause: error });
  }
  const tree = typeof answer === 'object' && answer !== null && 'tree' in answer ? answer.tree : undefined;
  if (!Array.isArray(tree)) throw new ImError('provider', 'The answer of GitHub has no list of files.');
  return tree.flatMap((entry: unknown) => {
    if (typeof entry !== 'object' || entry === null || !('path' in entry) || !('type' in entry)) return [];
    const { path, type } = entry;
    const isTemplate = type === 'blob' && typeof path === 'string' && path.startsWith(folder);
    return isTemplate && path !== folder && !NOT_A_TEMPLATE.test(path) ? [path] : [];
  });
}
