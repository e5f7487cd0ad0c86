// SPDX-License-Identifier: Apache-2.0
// Offers credentials to a server one after another and knows which one it took.
import type { AnyAuthMethod, AuthHandlerMiddleware, NextAuthHandler } from 'ssh2';
import type { SshCredential } from './connection.js';
import { readPrivateKey } from './private-key.js';

/** The handler for the SSH library, and the credential that was offered last: after a log-in the accepted one. */
export interface Authentication {
  readonly handler: AuthHandlerMiddleware;
  offered(): SshCredential | undefined;
}

interface Attempt {
  readonly credential: SshCredential | undefined;
  readonly method: AnyAuthMethod;
}

function attemptsFor(username: string, credential: SshCredential): readonly Attempt[] {
  if (credential.kind === 'key') {
    return [{ credential, method: { type: 'publickey', username, key: readPrivateKey(credential.privateKey) } }];
  }
  const { password } = credential;
  return [
    { credential, method: { type: 'password', username, password } },
    {
      credential,
      method: {
        // Servers with only challenge-response ask for the same password in this way.
        type: 'keyboard-interactive',
        username,
        prompt: (_name, _instructions, _language, prompts, finish) => finish(prompts.map(() => password)),
      },
    },
  ];
}

/**
 * Makes the sequence of attempts: nothing first (it is free and tells what the server takes), then the credentials in order,
 * leaving out what the server does not take, so that its limit of attempts is not used up (sshd: 6).
 * @throws SshError `invalid-key`.
 */
export function createAuthentication(username: string, credentials: readonly SshCredential[]): Authentication {
  const queue: Attempt[] = [
    { credential: undefined, method: { type: 'none', username } },
    ...credentials.flatMap((credential) => attemptsFor(username, credential)),
  ];
  let offered: SshCredential | undefined;
  const isWelcome = (method: AnyAuthMethod, left: readonly string[] | null): boolean => {
    if (!Array.isArray(left) || method.type === 'none') return true;
    if (method.type === 'keyboard-interactive') return left.includes(method.type) && !left.includes('password');
    return left.includes(method.type);
  };
  const handler = (left: readonly string[] | null, _isPartial: boolean | null, next: NextAuthHandler) => {
    for (let attempt = queue.shift(); attempt; attempt = queue.shift()) {
      if (!isWelcome(attempt.method, left)) continue;
      offered = attempt.credential;
      next(attempt.method);
      return undefined;
    }
    return false; // nothing left: the library reports the failure
  };
  return { handler, offered: () => offered };
}
