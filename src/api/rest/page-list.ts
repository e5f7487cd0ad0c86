// SPDX-License-Identifier: Apache-2.0
// The pages beside the route table as data: the application serves them, the description of the API lists them. All are read with GET.

/** A page. */
export interface PageEntry {
  readonly path: string;
  readonly operationId: string;
  readonly summary: string;
  /** Media types of its answer. */
  readonly types: readonly string[];
}

/** All pages. */
export const PAGE_LIST = {
  root: {
    path: '/',
    operationId: 'GetRoot',
    summary: 'This description: a page for browsers, JSON for all others.',
    types: ['text/html', 'application/json'],
  },
  description: {
    path: '/openapi.json',
    operationId: 'GetDescription',
    summary: 'This description.',
    types: ['application/json'],
  },
  docs: {
    path: '/docs',
    operationId: 'GetDocs',
    summary: 'This description as a page on which calls can be tried.',
    types: ['text/html'],
  },
  docsFile: {
    path: '/docs/:file',
    operationId: 'GetDocsFile',
    summary: 'Scripts and styles of that page.',
    types: ['text/css', 'text/javascript', 'image/png'],
  },
  health: {
    path: '/health',
    operationId: 'GetHealth',
    summary: 'Does the process live?',
    types: ['application/json'],
  },
  ready: {
    path: '/ready',
    operationId: 'GetReadiness',
    summary: 'Can requests be served? 503 if not.',
    types: ['application/json'],
  },
  metrics: {
    path: '/metrics',
    operationId: 'GetMetrics',
    summary: 'Metrics for Prometheus.',
    types: ['text/plain'],
  },
  staticFile: {
    path: '/static/:file',
    operationId: 'GetStaticFile',
    summary: "A file of the operator's, if there are any.",
    types: ['application/octet-stream'],
  },
} as const satisfies Readonly<Record<string, PageEntry>>;
