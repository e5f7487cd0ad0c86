// SPDX-License-Identifier: Apache-2.0
// Door of the SSH room: connections, commands, probes, keys.
export { type ProbeOutcome, type ProbeTarget, probeBanner } from './banner.js';
export { type ConnectOptions, connect } from './connect.js';
export type { ExecOptions, ExecResult, SshConnection, SshCredential } from './connection.js';
export { fingerprintOf, type HostKeyMemory } from './host-key.js';
export { type KeyPair, newKeyPair } from './key-pair.js';
export { publicKeyOf, readPrivateKey } from './private-key.js';
export { type ProxyHost, parseProxyHost } from './proxy-host.js';
export { readTar, type TarMember } from './read-tar.js';
export { shellCommand, shellQuote } from './shell-quote.js';
export { isTransient, SshError, type SshFailure } from './ssh-error.js';
export { packTar, type TarEntry } from './tar.js';
