// SPDX-License-Identifier: Apache-2.0
// What the parts of the OpenStack connector share: the account with its services, the environment, and locks per project.
import type { CloudCredential } from '../../domain/index.js';
import type { KeyedSemaphore } from '../../util/keyed-semaphore.js';
import type { ConnectorEnvironment } from '../connector.js';
import type { Cinder } from './cinder.js';
import type { Glance } from './glance.js';
import type { Neutron } from './neutron.js';
import type { Nova } from './nova.js';
import type { Session } from './session.js';

/** An account of an OpenStack cloud and how to work with it. */
export interface Site {
  readonly cloud: CloudCredential;
  readonly environment: ConnectorEnvironment;
  readonly session: Session;
  readonly nova: Nova;
  readonly neutron: Neutron;
  readonly cinder: Cinder;
  readonly glance: Glance;
  /** Held while shared things (networks, groups, free addresses) of a project are looked up and made. */
  readonly locks: KeyedSemaphore;
}

/** VMs that one launch or one observation works on at the same time. */
export const CONCURRENCY = 10;

/** Limit for removing what a failed or cancelled launch made; such work must go on when the launch itself is called off. */
export const CLEANUP_TIMEOUT_MS = 180_000;

/** Metadata keys that mark our servers and volumes. */
export const META_INFRASTRUCTURE = 'im_inf';
export const META_VM = 'im_vm';
/** Launch token of a server: only what carries it is ever adopted. */
export const META_LAUNCH = 'im_launch';

/** Runs a task while nobody else of this daemon makes things with shared names in the same project. */
export function alone<T>(site: Site, what: string, signal: AbortSignal, task: () => Promise<T>): Promise<T> {
  return site.locks.run(`${site.session.key} ${what}`, task, signal);
}

/** Filter for the objects of the own project: an administrator is shown those of all. */
export async function ownProject(site: Site, signal: AbortSignal): Promise<Readonly<Record<string, string>>> {
  const { projectId } = await site.session.token(signal);
  return projectId === '' ? {} : { project_id: projectId };
}
