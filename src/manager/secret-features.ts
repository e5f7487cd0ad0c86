// SPDX-License-Identifier: Apache-2.0
// Documents without the secrets of machines, for those who may see the machines but not enter them: everybody when MASK_VM_CREDENTIALS
// says so, and nodes. Secrets are left out rather than replaced, so that a document that comes back does not set them to asterisks.
import type { Caller } from '../domain/index.js';
import { credentials, type Features, type Radl, setCredentials } from '../radl/index.js';
import type { ManagerEnvironment } from './environment.js';

const SECRET_FEATURE =
  /^(?:(?:disk\.\d{1,9}\.os\.)?credentials\.(?:new\.)?(?:password|private_key)|proxy_key|net_interface\.\d{1,9}\.dns\.\d{1,9}\.tls\.private_key)$/;
/** `user:password@host` */
const PROXY_PASSWORD = /^([^:@]*):.*@([^@]*)$/s;

/** May the caller see how to enter the machines? */
function seesSecrets({ settings }: ManagerEnvironment, caller: Pick<Caller, 'onlyInfrastructure'>): boolean {
  return !settings.masksVmCredentials && caller.onlyInfrastructure === undefined;
}

/** The document as the caller may see it; the same object when that is all of it. */
export function shownTo(
  environment: ManagerEnvironment,
  caller: Pick<Caller, 'onlyInfrastructure'>,
  document: Radl,
): Radl {
  return seesSecrets(environment, caller) ? document : withoutSecrets(document);
}

/** A copy without passwords and private keys of machines, Ansible hosts and proxies. */
export function withoutSecrets(document: Radl): Radl {
  const shown = document.clone();
  for (const { features } of [...shown.systems, ...shown.ansibleHosts, ...shown.networks]) clean(features);
  return shown;
}

function clean(features: Features): void {
  for (const name of features.names()) {
    if (SECRET_FEATURE.test(name)) features.delete(name);
  }
  for (const soft of features.softs()) clean(soft.features);
  const proxy = features.getText('proxy_host');
  if (proxy !== undefined) features.setText('proxy_host', proxy.replace(PROXY_PASSWORD, '$1@$2'));
}

/**
 * A document of a node whose systems get back the logins that it was not shown: those of the known system with the same image and user.
 * Clients of nodes make new systems out of known ones, under other names.
 */
export function withKnownLogins(document: Radl, known: Radl): Radl {
  const complete = document.clone();
  for (const system of complete.systems) {
    const { username, password, privateKey } = credentials(system);
    const image = system.features.getText('disk.0.image.url');
    if (image === undefined || password !== undefined || privateKey !== undefined) continue;
    const like = known.systems.find(
      (other) => other.features.getText('disk.0.image.url') === image && credentials(other).username === username,
    );
    if (like !== undefined) setCredentials(system, credentials(like));
  }
  return complete;
}
