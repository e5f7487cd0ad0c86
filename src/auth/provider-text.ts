// SPDX-License-Identifier: Apache-2.0
// Texts of identity providers as far as they may appear in ours: one line, bounded, without what we sent.

const LONGEST_TEXT = 300;

/** Shorter ones are no secrets, and masking them would show by the gaps in the text what they are. */
const SHORTEST_SECRET = 4;

/**
 * One harmless line of a text that came from outside.
 * @param secrets what must not appear, even when the provider repeats it
 */
export function providerText(text: string, secrets: readonly string[] = []): string {
  // The cut comes after the masking, or half a secret could stay.
  let shown = text;
  for (const secret of secrets) {
    if (secret.length >= SHORTEST_SECRET) shown = shown.replaceAll(secret, '********');
  }
  shown = shown.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').trim();
  return shown.length > LONGEST_TEXT ? `${shown.slice(0, LONGEST_TEXT)}...` : shown;
}
