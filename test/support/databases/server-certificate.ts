// SPDX-License-Identifier: Apache-2.0
// A self-signed certificate for a private server on loopback.
import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync } from 'node:fs';
import { join } from 'node:path';

/** Files of a certificate, which is its own authority. */
export interface ServerCertificate {
  readonly certificate: string;
  readonly key: string;
}

/** Makes a certificate. @param name of the files @param address for which it is valid */
export function makeCertificate(
  directory: string,
  owner: { readonly uid?: number; readonly gid?: number } = {},
  name = 'server',
  address = 'IP:127.0.0.1,DNS:localhost',
): ServerCertificate {
  const certificate = join(directory, `${name}.pem`);
  const key = join(directory, `${name}.key`);
  const argv = ['req', '-x509', '-nodes', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-days', '2'];
  const subject = ['-subj', '/CN=test server', '-addext', `subjectAltName=${address}`];
  execFileSync('openssl', [...argv, ...subject, '-keyout', key, '-out', certificate], { stdio: 'pipe' });
  chmodSync(key, 0o600);
  if (owner.uid !== undefined && owner.gid !== undefined) {
    chownSync(key, owner.uid, owner.gid);
  }
  return { certificate, key };
}
