// SPDX-License-Identifier: Apache-2.0
// A headless browser for tests of pages, and a record of what it asked for and complained about.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Page } from 'playwright-core';

/** The browser of the distribution. */
export const BROWSER = '/usr/bin/chromium';

const ARGUMENTS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** A page and what happened on it. */
export interface Visit {
  readonly page: Page;
  /** URLs that the page asked for. */
  readonly requests: readonly string[];
  /** Errors and warnings of its console, uncaught errors, and requests that failed. */
  readonly complaints: readonly string[];
}

/** Opens an empty page in a browser of its own, which ends with the visit. */
export async function withBrowser(visit: (visit: Visit) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'im-browser-'));
  const context = await chromium.launchPersistentContext(directory, {
    executablePath: BROWSER,
    args: ARGUMENTS,
    viewport: { width: 1280, height: 1000 },
  });
  try {
    const requests: string[] = [];
    const complaints: string[] = [];
    const page = context.pages()[0] ?? (await context.newPage());
    page.on('request', (request) => requests.push(request.url()));
    page.on('requestfailed', (request) => complaints.push(`${request.url()}: ${request.failure()?.errorText}`));
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(String(error)));
    await visit({ page, requests, complaints });
  } finally {
    await context.close();
    await rm(directory, { recursive: true, force: true });
  }
}
