// SPDX-License-Identifier: Apache-2.0
// What can go wrong with an SSH connection, as reasons that callers decide by.

/**
 * Reason of a failure:
 * `authentication` the server refused all credentials · `unreachable` no connection or no SSH there (yet) · `timeout` too slow ·
 * `host-key-changed` another machine answers than the one seen before · `closed` the connection was lost ·
 * `invalid-key` the private key cannot be read · `refused` the server refused a channel or a command.
 */
export type SshFailure =
  | 'authentication'
  | 'unreachable'
  | 'timeout'
  | 'host-key-changed'
  | 'closed'
  | 'invalid-key'
  | 'refused';

/** A failed SSH operation. The text names the machine and never holds a credential. */
export class SshError extends Error {
  override readonly name = 'SshError';
  readonly reason: SshFailure;

  constructor(reason: SshFailure, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.reason = reason;
  }
}

/** Whether trying the same again later may help: the machine did not answer, or the connection broke. */
export const isTransient = (error: unknown): boolean =>
  error instanceof SshError && ['unreachable', 'timeout', 'closed', 'refused'].includes(error.reason);
