// SPDX-License-Identifier: Apache-2.0
// Runs one command on an SSH channel: input, bounded output, time limit, cancellation.
import type { ExecOptions as ChannelOptions, Client, ClientChannel } from 'ssh2';
import { DeadlineError, sleep, withTimeout } from '../util/deadline.js';
import type { ExecOptions, ExecResult } from './connection.js';
import { SshError } from './ssh-error.js';

const DEFAULT_MAX_OUTPUT = 1024 * 1024;
const OPEN_ATTEMPTS = 8;
const OPEN_PAUSE_MS = 100;

/** Keeps the first `limit` bytes of a stream and counts on. */
function createCollector(limit: number) {
  const chunks: Buffer[] = [];
  let kept = 0;
  let total = 0;
  return {
    add(chunk: Buffer): void {
      total += chunk.length;
      const part = chunk.subarray(0, Math.max(0, limit - kept));
      if (part.length > 0) chunks.push(part);
      kept += part.length;
    },
    text: (): string => Buffer.concat(chunks).toString('utf8'),
    isTruncated: (): boolean => total > kept,
  };
}

/** Opens a channel and hands it over at once: a quick command may have ended before any promise continues. */
function openChannel<T>(
  client: Client,
  where: string,
  command: string,
  options: ExecOptions,
  use: (channel: ClientChannel) => Promise<T>,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const pty: ChannelOptions = options.hasTerminal ? { pty: { modes: { ECHO: 0, ONLCR: 0 } } } : {};
    try {
      client.exec(command, pty, (error, channel) => {
        if (error) {
          const isLost = /no response from server|not connected/i.test(error.message);
          reject(
            new SshError(isLost ? 'closed' : 'refused', `${where}: cannot run a command: ${error.message}`, error),
          );
        } else resolve(use(channel));
      });
    } catch (error) {
      // The library throws instead of calling back when the socket has gone.
      reject(new SshError('closed', `${where}: the SSH connection is closed.`, error));
    }
  });
}

function collect(
  channel: ClientChannel,
  where: string,
  options: ExecOptions,
  signal: AbortSignal,
): Promise<ExecResult> {
  return new Promise((resolve, reject) => {
    const limit = options.maxOutputBytes ?? DEFAULT_MAX_OUTPUT;
    const stdout = createCollector(limit);
    const stderr = createCollector(limit);
    let exit: { readonly code: number | null; readonly signal: string | null } | undefined;
    let handled: Promise<void> = Promise.resolve();
    const fail = (error: unknown) => {
      reject(error);
      // Closing alone leaves the command running. The signal only goes out while standard input is open.
      channel.signal('KILL');
      channel.close();
    };
    const onAbort = () => fail(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    const { onStdout } = options;
    channel.on('data', (chunk: Buffer) => {
      if (!onStdout) {
        stdout.add(chunk);
        return;
      }
      channel.pause();
      handled = handled.then(() => onStdout(chunk)).then(() => void channel.resume());
      handled.catch(fail);
    });
    channel.stderr.on('data', (chunk: Buffer) => stderr.add(chunk));
    channel.stderr.on('error', fail);
    channel.on('error', fail);
    channel.on('exit', (code: number | null, name?: string) => {
      exit = { code, signal: name ?? null };
    });
    channel.on('close', () => {
      signal.removeEventListener('abort', onAbort);
      handled.then(() => {
        if (!exit) reject(new SshError('closed', `${where}: the SSH connection was lost while a command ran.`));
        else {
          resolve({
            exitCode: exit.code,
            signal: exit.signal,
            stdout: stdout.text(),
            stderr: stderr.text(),
            isTruncated: stdout.isTruncated() || stderr.isTruncated(),
          });
        }
      }, reject);
    });
    if (signal.aborted) {
      onAbort();
      return;
    }
    if (options.stdin !== undefined) channel.write(options.stdin);
    if (!options.keepStdinOpen) channel.end();
  });
}

/** A server that has as many sessions as it allows refuses the next one; commands that were given up may still hold theirs. */
async function execWithPatience(
  client: Client,
  where: string,
  command: string,
  options: ExecOptions,
  signal: AbortSignal,
): Promise<ExecResult> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await openChannel(client, where, command, options, (channel) => collect(channel, where, options, signal));
    } catch (error) {
      const isFull = error instanceof SshError && error.reason === 'refused';
      if (!isFull || attempt === OPEN_ATTEMPTS) throw error;
      await sleep(attempt * OPEN_PAUSE_MS, signal);
    }
  }
}

/** As {@link SshConnection.exec}; `where` names the machine in error texts. */
export async function execOn(
  client: Client,
  where: string,
  command: string,
  options: ExecOptions,
): Promise<ExecResult> {
  try {
    return await withTimeout(
      { timeoutMs: options.timeoutMs, what: `a command on ${where}`, signal: options.signal },
      (signal) => execWithPatience(client, where, command, options, signal),
    );
  } catch (error) {
    if (error instanceof DeadlineError) throw new SshError('timeout', error.message, error);
    throw error;
  }
}
