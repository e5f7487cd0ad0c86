// SPDX-License-Identifier: Apache-2.0
// Asks galaxy.ansible.com where a role or a collection is (API v1 for roles, v3 for collections). URL_MIRRORS may lead elsewhere.
import { createHash } from 'node:crypto';
import { errorText } from '../../domain/index.js';
import { ContentError } from './failure.js';
import { newestVersion } from './versions.js';

/** Gets bytes from a URL; see ContentSource. */
export type GetBytes = (url: string, maxBytes: number) => Promise<Buffer>;

const SERVER = 'https://galaxy.ansible.com';
const LARGEST_ANSWER = 4_000_000;
const MOST_PAGES = 30;
/** Largest archive as it is sent. */
export const MAX_ARCHIVE_BYTES = 64_000_000;

type Fields = Readonly<Record<string, unknown>>;

const isRecord = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const fieldsOf = (value: unknown): Fields => (isRecord(value) ? value : {});
const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' && value.length <= 2000 ? value : undefined;

async function getJson(get: GetBytes, url: string): Promise<Fields> {
  const bytes = await get(url, LARGEST_ANSWER);
  try {
    return fieldsOf(JSON.parse(bytes.toString('utf8')));
  } catch (error) {
    throw new ContentError(`The answer of ${SERVER} cannot be read: ${errorText(error)}`, { cause: error });
  }
}

/**
 * Downloads a role of Galaxy: its repository at the version asked for, else the newest one, else its branch.
 * @throws ContentError when Galaxy does not know it; errors of `get`.
 */
export async function downloadRole(get: GetBytes, fullName: string, version: string | undefined): Promise<Buffer> {
  const [owner = '', ...rest] = fullName.split('.');
  const name = rest.join('.');
  const query = `owner__username=${encodeURIComponent(owner)}&name=${encodeURIComponent(name)}`;
  const found = await getJson(get, `${SERVER}/api/v1/roles/?${query}`);
  const role = fieldsOf(listOf(found.results)[0]);
  const [user, repository] = [textOf(role.github_user), textOf(role.github_repo)];
  if (user === undefined || repository === undefined) {
    throw new ContentError('Ansible Galaxy does not know it: write it as "user.role".');
  }
  const chosen = version ?? (await newestRoleVersion(get, role)) ?? textOf(role.github_branch) ?? 'master';
  const place = [user, repository, 'archive', ...chosen.split('/')].map(encodeURIComponent).join('/');
  return get(`https://github.com/${place}.tar.gz`, MAX_ARCHIVE_BYTES);
}

async function newestRoleVersion(get: GetBytes, role: Fields): Promise<string | undefined> {
  const inAnswer = listOf(fieldsOf(role.summary_fields).versions);
  const versions = inAnswer.length > 0 || typeof role.id !== 'number' ? inAnswer : await roleVersions(get, role.id);
  return newestVersion(versions.flatMap((item) => textOf(fieldsOf(item).name) ?? []));
}

async function roleVersions(get: GetBytes, id: number): Promise<readonly unknown[]> {
  return listOf((await getJson(get, `${SERVER}/api/v1/roles/${id}/versions/?page_size=100`)).results);
}

/**
 * Downloads a collection of Galaxy: the newest version within the bounds, checked against the checksum that Galaxy gives.
 * @throws ContentError when Galaxy does not have it; errors of `get`.
 */
export async function downloadCollection(get: GetBytes, fullName: string, bounds: string | undefined): Promise<Buffer> {
  const [namespace = '', name = ''] = fullName.split('.');
  if (!/^\w+\.\w+$/.test(fullName)) throw new ContentError('The name of a collection is "namespace.collection".');
  const base = `${SERVER}/api/v3/collections/${namespace}/${name}/versions/`;
  const isExact = bounds !== undefined && /^[\dv][\w.+-]*$/.test(bounds);
  const version = isExact ? bounds : newestVersion(await collectionVersions(get, base), bounds ?? '*');
  if (version === undefined)
    throw new ContentError(`Ansible Galaxy has no version of it${bounds ? ` with ${bounds}` : ''}.`);
  const facts = await getJson(get, `${base}${encodeURIComponent(version)}/`);
  const [url, sha256] = [textOf(facts.download_url), textOf(fieldsOf(facts.artifact).sha256)];
  if (url === undefined) throw new ContentError(`Ansible Galaxy does not say where its version ${version} is.`);
  const archive = await get(new URL(url, base).href, MAX_ARCHIVE_BYTES);
  const found = createHash('sha256').update(archive).digest('hex');
  if (sha256 !== undefined && sha256 !== found) {
    throw new ContentError(`Its archive was damaged on its way: SHA-256 ${found}, Ansible Galaxy says ${sha256}.`, {
      isTransient: true,
    });
  }
  return archive;
}

async function collectionVersions(get: GetBytes, base: string): Promise<readonly string[]> {
  const versions: string[] = [];
  let url: string | undefined = `${base}?limit=100`;
  for (let page = 0; url !== undefined && page < MOST_PAGES; page += 1) {
    const answer: Fields = await getJson(get, url);
    versions.push(...listOf(answer.data ?? answer.results).flatMap((item) => textOf(fieldsOf(item).version) ?? []));
    const next = textOf(fieldsOf(answer.links).next) ?? textOf(answer.next);
    url = next === undefined ? undefined : new URL(next, base).href;
  }
  return versions;
}
