// SPDX-License-Identifier: Apache-2.0
// Brings roles and collections to the control node: only those that it lacks.
import { ImError } from '../../domain/index.js';
import { type SshConnection, shellCommand } from '../../ssh/index.js';
import type { ContentPackage } from './gather.js';
import { CONTENT_PROGRAM } from './install-program.js';

/** Where to bring them. */
export interface ContentTarget {
  readonly connection: SshConnection;
  /** The infrastructure's directory, which is there already. */
  readonly directory: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/**
 * Makes exactly these packages what recipes find.
 * @returns how many had to be sent
 * @throws ImError when the node cannot take them or one cannot be had any more; SshError
 */
export async function installContent(target: ContentTarget, packages: readonly ContentPackage[]): Promise<number> {
  const missing = await link(target, packages);
  for (const sha256 of missing) {
    const found = packages.find((candidate) => candidate.sha256 === sha256);
    if (!found)
      throw new ImError('internal', `${target.connection.host} asks for a content ${sha256} that it was not told of.`);
    await runProgram(target, [sha256], await found.load());
  }
  if (missing.length > 0 && (await link(target, packages)).length > 0) {
    throw new ImError(
      'provider',
      `Roles and collections vanish from ${target.directory} of ${target.connection.host}.`,
    );
  }
  return missing.length;
}

async function link(target: ContentTarget, packages: readonly ContentPackage[]): Promise<readonly string[]> {
  const wanted = Object.fromEntries(packages.map(({ path, sha256 }) => [path, sha256]));
  const answer = /^\{"missing": \[([0-9a-f", ]*)\]\}$/m.exec(await runProgram(target, [], JSON.stringify(wanted)));
  if (!answer)
    throw new ImError('provider', `${target.connection.host} does not say which roles and collections it has.`);
  return [...(answer[1] ?? '').matchAll(/[0-9a-f]{64}/g)].map(([sha256]) => sha256);
}

async function runProgram(target: ContentTarget, words: readonly string[], stdin: string | Buffer): Promise<string> {
  const { connection, directory, timeoutMs, signal } = target;
  const command = shellCommand('python3', '-c', CONTENT_PROGRAM, directory, ...words);
  const { exitCode, stdout, stderr } = await connection.exec(command, { stdin, timeoutMs, signal });
  if (exitCode === 0) return stdout;
  const reason = stderr.replace(/\s+/g, ' ').trim().slice(-300) || `exit code ${exitCode}`;
  throw new ImError('provider', `The roles and collections cannot be written to ${connection.host}: ${reason}`);
}
