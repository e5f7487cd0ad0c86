// SPDX-License-Identifier: Apache-2.0
// The cheap question "does an SSH server answer there": a connection and its first line, no key exchange.
import { withTimeout } from '../util/deadline.js';
import type { SshConnection } from './connection.js';
import { openSocket } from './socket.js';
import { SshError } from './ssh-error.js';

/** Where to look. */
export interface ProbeTarget {
  readonly host: string;
  readonly port: number;
  /** Asks from that machine instead of from here. */
  readonly via?: SshConnection | undefined;
}

/** Answer of a probe; `reason` says what was wrong, for logs. */
export type ProbeOutcome =
  | { readonly isOpen: true; readonly banner: string }
  | { readonly isOpen: false; readonly reason: string; readonly isForwardingForbidden: boolean };

// RFC 4253 §4.2: lines before the identification are allowed; a server that talks longer than this is no SSH server.
const LONGEST_GREETING = 4096;

/**
 * Looks once whether an SSH server answers.
 * @throws the signal's reason when it aborts; everything else is an answer.
 */
export async function probeBanner(
  target: ProbeTarget,
  options: { readonly timeoutMs: number; readonly signal?: AbortSignal | undefined },
): Promise<ProbeOutcome> {
  const where = `${target.host}:${target.port}`;
  try {
    const banner = await withTimeout({ ...options, what: `the SSH banner of ${where}` }, async (signal) => {
      const stream = target.via
        ? await target.via.forward(target.host, target.port, signal)
        : await openSocket(target.host, target.port, signal);
      try {
        return await new Promise<string>((resolve, reject) => {
          let text = '';
          signal.addEventListener('abort', () => reject(signal.reason), { once: true });
          stream.on('error', reject);
          stream.once('close', () => reject(new Error(`${where} closed the connection without an SSH banner.`)));
          stream.on('data', (chunk: Buffer) => {
            text += chunk.toString('latin1');
            const line = /(?:^|\n)(SSH-[^\r\n]*)\r?\n/.exec(text);
            if (line) resolve(line[1] ?? '');
            else if (text.length > LONGEST_GREETING) reject(new Error(`${where} does not speak SSH.`));
          });
        });
      } finally {
        stream.destroy();
      }
    });
    return { isOpen: true, banner };
  } catch (error) {
    options.signal?.throwIfAborted();
    return {
      isOpen: false,
      reason: error instanceof Error ? error.message : String(error),
      isForwardingForbidden: error instanceof SshError && error.reason === 'refused',
    };
  }
}
