// SPDX-License-Identifier: Apache-2.0
// Hides the passwords inside URLs, for everything that is printed or logged.

/** What stands in the place of a secret. */
export const MASK = '********';

// A password written without percent-encoding may itself hold "@", ":" and "/", so everything up to the last "@" of
// the word is taken: rather too much than too little. All repetitions are bounded, which keeps the time linear.
const USER_AND_PASSWORD = /\b([a-z][a-z0-9+.-]{0,30}:\/\/)([^\s"'<>:@/]{0,256}):([^\s"'<>]{0,1024})@/gi;

// Web addresses need no user name; what stands there alone is an access token.
const LONE_TOKEN = /\b(https?:\/\/)[^\s"'<>:@/]{1,1024}@/gi;

/**
 * Replaces the password of every `scheme://user:password@host` in the text, and the token of `https://token@host`.
 *
 * @example maskUrls('mysql://im:p@ss@db/im') // mysql://im:********@db/im
 */
export function maskUrls(text: string): string {
  if (!text.includes('://')) return text;
  return text.replace(USER_AND_PASSWORD, `$1$2:${MASK}@`).replace(LONE_TOKEN, `$1${MASK}@`);
}
