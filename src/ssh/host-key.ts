// SPDX-License-Identifier: Apache-2.0
// Trust on first use: the host key seen at the first log-in is remembered and demanded ever after.
import { createHash } from 'node:crypto';

/** Memory of one machine's host key (contextualization.md §24.1). */
export interface HostKeyMemory {
  /** Fingerprint seen earlier; undefined when this machine is new. */
  known(): Promise<string | undefined>;
  /** Called once after the first successful log-in. */
  remember(fingerprint: string): Promise<void>;
}

/** `SHA256:...` as OpenSSH prints it. */
export const fingerprintOf = (key: Buffer): string =>
  `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
