// SPDX-License-Identifier: Apache-2.0
// What a logged-in SSH connection offers to the other rooms.
import type { Duplex } from 'node:stream';

/** One way to prove who we are. */
export type SshCredential =
  | { readonly kind: 'password'; readonly password: string }
  | { readonly kind: 'key'; readonly privateKey: string };

/** How {@link SshConnection.exec} runs a command. */
export interface ExecOptions {
  /** Sent to the command's standard input, which is closed afterwards unless `keepStdinOpen`. Secrets belong here. */
  readonly stdin?: string | Buffer;
  /** Leaves standard input open until the command ends, so that its end of file tells the far side that we are gone. */
  readonly keepStdinOpen?: boolean;
  readonly timeoutMs: number;
  /** Bound of the kept standard output and of the kept standard error, each; more is read and dropped. Default 1 MiB. */
  readonly maxOutputBytes?: number;
  readonly signal?: AbortSignal | undefined;
  /** Gets standard output as it comes, instead of it being kept. The next chunk waits for the promise. */
  readonly onStdout?: (chunk: Buffer) => void | Promise<void>;
  /** Runs the command in a terminal (echo off). Only for programs that insist on one. */
  readonly hasTerminal?: boolean;
}

/** How a command ended. */
export interface ExecResult {
  /** Null when a signal ended it. */
  readonly exitCode: number | null;
  /** Name of that signal: `SIGTERM`. */
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
  /** More came than `maxOutputBytes`. */
  readonly isTruncated: boolean;
}

/** A logged-in connection. Many commands may run on it at once; more than the server's usual limit wait their turn. */
export interface SshConnection {
  readonly host: string;
  readonly port: number;
  readonly username: string;
  /** The credential that the server accepted. */
  readonly credential: SshCredential;
  readonly isOpen: boolean;
  /** Resolves when the connection has ended, whoever ended it. Never rejects. */
  readonly closed: Promise<void>;
  /**
   * Runs a command in the user's login shell and waits for its end.
   * @throws SshError `timeout` (the command may live on at the far side), `closed`, `refused`; the signal's reason on abort;
   *   whatever `onStdout` throws.
   */
  exec(command: string, options: ExecOptions): Promise<ExecResult>;
  /**
   * A stream to a port as the far machine sees it (direct-tcpip).
   * @throws SshError `unreachable` when nothing listens there, `refused` when the server forbids it, `closed`.
   */
  forward(host: string, port: number, signal?: AbortSignal): Promise<Duplex>;
  /** Ends the connection with everything on it. */
  close(): void;
}
