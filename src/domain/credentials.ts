// SPDX-License-Identifier: Apache-2.0
// Credentials as they come with a call: the raw items, the clouds among them, and who the caller is.
import { createHash } from 'node:crypto';

/** One item of the authorization data: text keys and values as sent (auth.md §1). */
export type AuthItem = Readonly<Record<string, string>>;

/** A cloud named by an authorization item (auth.md §5). */
export interface CloudCredential {
  /** `id` of the item, else `<type><position in the whole list>`. */
  readonly id: string;
  readonly type: string;
  /** Scheme of `host`, empty when it has none. */
  readonly protocol: string;
  /** Host name, address (IPv6 without brackets) or, for `unix`, empty. */
  readonly server: string;
  /** -1 when `host` names no port. */
  readonly port: number;
  /** Path of `host` (for `unix`: the absolute socket path), empty when none. */
  readonly path: string;
  /** What else identifies the account among several of one server (core.md §8), for example OpenStack's auth_version. */
  readonly extra: Readonly<Record<string, string>>;
  /** The item itself, secrets included. */
  readonly item: AuthItem;
}

/** The cloud of a VM as it is stored with it: no secrets. */
export type CloudReference = Omit<CloudCredential, 'item'>;

/** An InfrastructureManager item that owns infrastructures. */
export interface Owner {
  readonly username: string;
  readonly password?: string;
  /** OIDC access token; the identity is then `password` = issuer + subject. */
  readonly token?: string;
}

/** Who makes a call, after the check of the InfrastructureManager items (auth.md §8). */
export interface Caller {
  /** Every InfrastructureManager item of the call, checked; the first names the user. */
  readonly owners: readonly [Owner, ...Owner[]];
  readonly isAdmin: boolean;
  /** Present when a node calls with the token of its infrastructure: the only one that it may touch, and only in what nodes need. */
  readonly onlyInfrastructure?: string;
  /** All items of the call after expansion (Vault, EGI), in order. */
  readonly items: readonly AuthItem[];
  /** The clouds among the items, in order. */
  readonly clouds: readonly CloudCredential[];
}

/** Identity text of an owner: OIDC users are the same when issuer and subject are, whatever their name (spec/README.md). */
export function ownerIdentity(owner: Owner): string {
  return owner.token !== undefined && owner.token !== ''
    ? `oidc\0${owner.password ?? ''}`
    : `user\0${owner.username}\0${owner.password ?? ''}`;
}

/** Identities hold passwords: how long it takes to find that two digests differ tells nothing about them. */
const identityDigest = (owner: Owner): string => createHash('sha256').update(ownerIdentity(owner)).digest('base64');

/** May this caller act on an infrastructure with these owners (auth.md §11)? */
export function isGranted(
  caller: Pick<Caller, 'owners' | 'isAdmin' | 'onlyInfrastructure'>,
  owners: readonly Owner[],
): boolean {
  // Nodes own nothing; what they may do is decided where they are admitted.
  if (caller.onlyInfrastructure !== undefined) {
    return false;
  }
  if (caller.isAdmin) {
    return true;
  }
  const identities = new Set(owners.map(identityDigest));
  return caller.owners.some((owner) => identities.has(identityDigest(owner)));
}

/** Owners with further ones, those who are none yet. */
export function withOwners(owners: readonly Owner[], added: readonly Owner[]): readonly Owner[] {
  const byIdentity = new Map(owners.map((owner) => [ownerIdentity(owner), owner]));
  for (const owner of added) {
    const identity = ownerIdentity(owner);
    if (!byIdentity.has(identity)) byIdentity.set(identity, owner);
  }
  return byIdentity.size === owners.length ? owners : [...byIdentity.values()];
}

/** The stored part of a cloud credential. */
export function cloudReference(cloud: CloudCredential): CloudReference {
  const { item: _item, ...reference } = cloud;
  return reference;
}
