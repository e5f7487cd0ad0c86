// SPDX-License-Identifier: Apache-2.0
// The default rule for finding, among the clouds of a call, the one that a stored VM lives in.
import type { CloudCredential, CloudReference } from '../../domain/index.js';

/**
 * Among clouds of the right type: those at the stored server, exact before substring matches (auth.md §7); of several the one
 * with the stored port, then the one with the stored id, then the first. Ids alone never decide, since generated ids move when lines
 * are added, and asking a wrong server about a VM would answer "gone". For the same reason accounts whose stored identity
 * (`extra`: project, region...) is another one are passed over.
 */
export function chooseCredential(
  reference: CloudReference,
  clouds: readonly CloudCredential[],
): CloudCredential | undefined {
  const ranked = clouds
    .map((cloud) => ({ cloud, rank: rankOf(reference, cloud) }))
    .filter(({ cloud, rank }) => rank > 0 && isSameAccount(reference, cloud))
    .sort((left, right) => right.rank - left.rank);
  return ranked[0]?.cloud;
}

/** Records of the reference may lack parts of the identity; what is there must fit. */
function isSameAccount(reference: CloudReference, cloud: CloudCredential): boolean {
  return Object.entries(reference.extra).every(
    ([key, value]) => identityWord(key, value) === identityWord(key, cloud.extra[key] ?? ''),
  );
}

/** Users correct the version of a password login (`2.0_password` works as `3.x_password`): it is the same account. */
function identityWord(key: string, value: string): string {
  return key === 'auth_version' && value.includes('password') ? 'password' : value;
}

/** 0 = another place; otherwise the higher the better. */
function rankOf(reference: CloudReference, cloud: CloudCredential): number {
  const place = placeRank(reference, cloud);
  return place === 0 ? 0 : place * 2 + (cloud.id === reference.id ? 1 : 0);
}

function placeRank(reference: CloudReference, cloud: CloudCredential): number {
  if (reference.protocol === 'unix' || cloud.protocol === 'unix') {
    return reference.protocol === cloud.protocol && socketPath(reference) === socketPath(cloud) ? 3 : 0;
  }
  const wanted = reference.server.toLowerCase();
  const offered = cloud.server.toLowerCase();
  if (wanted === offered) return reference.port === cloud.port ? 3 : 2;
  return wanted === '' || offered.includes(wanted) ? 1 : 0;
}

/** Absolute path of a unix socket; the two-slash spelling has its first folder in the place of the server. */
export function socketPath(cloud: Pick<CloudReference, 'server' | 'path'>): string {
  const joined = cloud.server === '' ? cloud.path : `/${cloud.server}/${cloud.path}`;
  return joined.replace(/\/{2,}/g, '/');
}
