// SPDX-License-Identifier: Apache-2.0
// Who serves which page.
import { servesDescription, servesDocs, servesDocsFile, servesRoot } from './docs-page.js';
import { PAGE_LIST } from './page-list.js';
import { type PageHandler, servesHealth, servesMetrics, servesReadiness } from './probes.js';
import { servesStaticFile } from './static-files.js';

/** Paths of the pages with their handlers. */
export const PAGES: readonly (readonly [path: string, handler: PageHandler])[] = [
  [PAGE_LIST.root.path, servesRoot],
  [PAGE_LIST.description.path, servesDescription],
  [PAGE_LIST.docs.path, servesDocs],
  [PAGE_LIST.docsFile.path, servesDocsFile],
  [PAGE_LIST.health.path, servesHealth],
  [PAGE_LIST.ready.path, servesReadiness],
  [PAGE_LIST.metrics.path, servesMetrics],
  [PAGE_LIST.staticFile.path, servesStaticFile],
];
