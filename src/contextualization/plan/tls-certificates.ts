// SPDX-License-Identifier: Apache-2.0
// Certificates that a VM got for its DNS names (core.md §23.7, §23.9).
import { interfaceCount, type Radl } from '../../radl/index.js';

/** A certificate and its key, PEM. */
export interface TlsCertificate {
  readonly cert: string;
  readonly key: string;
}

/** Certificates by DNS name; undefined when the VM has none. */
export function tlsCertificates(info: Radl): Readonly<Record<string, TlsCertificate>> | undefined {
  const [system] = info.systems;
  if (system === undefined) return undefined;
  const found: [string, TlsCertificate][] = [];
  for (let index = 0; index < interfaceCount(system); index += 1) {
    for (let entry = 0; ; entry += 1) {
      const prefix = `net_interface.${index}.dns.${entry}`;
      const name = system.features.getText(`${prefix}.name`);
      if (!name) break;
      const cert = system.features.getText(`${prefix}.tls.certificate`);
      const key = system.features.getText(`${prefix}.tls.private_key`);
      if (cert && key) found.push([name, { cert, key }]);
    }
  }
  return found.length === 0 ? undefined : Object.fromEntries(found);
}
