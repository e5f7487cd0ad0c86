// SPDX-License-Identifier: Apache-2.0
// Use case: the infrastructures of a caller page by page. Pages stay in order while infrastructures come and go.
import { badRequest } from '../domain/index.js';
import type { ManagerEnvironment } from './environment.js';
import { listInfrastructures } from './list.js';
import type { Call, ListPage, PageRequest } from './manager.js';

/** One page; `next` is the cursor of the page after it, absent on the last one. */
export async function listInfrastructurePage(
  environment: ManagerEnvironment,
  call: Call,
  { limit, after, filter }: PageRequest,
): Promise<ListPage> {
  const ids = await listInfrastructures(environment, call, filter);
  const start = after === undefined ? 0 : await indexAfter(environment, ids, decodeCursor(after));
  const page = ids.slice(start, start + limit);
  const last = page.at(-1);
  if (last === undefined || start + limit >= ids.length) return { ids: page };
  const createdAt = (await environment.store.getHeader(last))?.createdAt ?? 0;
  return { ids: page, next: encodeCursor({ createdAt, id: last }) };
}

/** The last infrastructure of a page. */
interface Cursor {
  readonly createdAt: number;
  readonly id: string;
}

const encodeCursor = ({ createdAt, id }: Cursor): string =>
  Buffer.from(`${createdAt} ${id}`, 'utf8').toString('base64url');

function decodeCursor(text: string): Cursor {
  const [, createdAt, id] =
    /^(\d{1,15}) ([0-9a-f-]{36})$/.exec(Buffer.from(text.slice(0, 200), 'base64url').toString('utf8')) ?? [];
  if (createdAt === undefined || id === undefined) {
    throw badRequest('Incorrect value in after parameter: it must be that of the link to the next page.');
  }
  return { createdAt: Number(createdAt), id };
}

/** Where the next page begins. The infrastructure of the cursor may have gone: then its time says where it stood. */
async function indexAfter(
  { store }: ManagerEnvironment,
  ids: readonly string[],
  { createdAt, id }: Cursor,
): Promise<number> {
  const known = ids.indexOf(id);
  if (known !== -1) return known + 1;
  let [low, high] = [0, ids.length];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const header = await store.getHeader(ids[middle] ?? '');
    if ((header?.createdAt ?? 0) > createdAt) low = middle + 1;
    else high = middle;
  }
  return low;
}
